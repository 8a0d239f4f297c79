import { z } from 'zod';
import { defineJobType } from '../queue.ts';

const syncContacts = `mutation ($input: SyncContactsInput!) {
  syncContacts(input: $input) { results { status } created updated unchanged userErrors { field message code } }
}`;

const message = z.strictObject({
  raw: z.string().nullish(),
  messageId: z.string().nullish(),
  from: z.string().nullish(),
  to: z.array(z.string()).nullish(),
  cc: z.array(z.string()).nullish(),
  subject: z.string().nullish(),
  date: z.string().nullish(),
  text: z.string().nullish(),
});

interface Synced {
  readonly results: readonly { readonly status: string }[];
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** Messages of a mailbox that become contacts and activities; the CRM says how long they may be. */
export const messageJobs = [
  defineJobType({
    name: 'SYNC_MESSAGES',
    needs: ['sync:emails', 'write:contacts'],
    permissions: ['sync:emails', 'write:contacts'],
    timeoutMs: 60_000,
    data: z.strictObject({
      messages: z.array(message).min(1).max(100),
      ownAddresses: z.array(z.string()).max(100).default([]),
    }),
    async run({ ask, data }) {
      const answer = await ask<{ syncContacts: Synced }>('crm', syncContacts, { input: data });
      const { results, created, updated, unchanged } = answer.syncContacts;
      return { failed: results.filter(({ status }) => status === 'FAILED').length, created, updated, unchanged };
    },
  }),
];
