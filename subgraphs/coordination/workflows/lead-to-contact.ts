import { z } from 'zod';
import { entityId } from '../../../kernel/subgraph/input.ts';
import { notify } from '../notifications/notify.ts';
import { defineWorkflow } from './definition.ts';

const input = z.object({ leadId: entityId(), notifyByVoice: z.boolean().default(false) });

type Input = z.output<typeof input>;

interface Settled {
  readonly contactId: string;
  readonly isNewContact: boolean;
  readonly activityId: string;
}

const settleLead = `mutation ($input: SettleLeadInput!) {
  settleLead(input: $input) { contactId isNewContact activityId userErrors { field message code } }
}`;

/**
 * Sees to it that a lead has the contact with its e-mail address and a first activity, and has the voice agent tell of it
 * where that is asked for. The CRM does the first in one transaction when a lead is made; then everything is found done.
 */
export const leadToContact = defineWorkflow<Input>({
  name: 'leadToContact',
  permissions: ['execute:workflows', 'write:leads'],
  input,
  steps: [
    {
      name: 'settleLead',
      async run({ ask, input: { leadId } }) {
        const answer = await ask<{ settleLead: Settled }>('crm', settleLead, { input: { id: leadId } });
        const { contactId, isNewContact, activityId } = answer.settleLead;
        return { contactId, isNewContact, activityId };
      },
    },
    {
      name: 'notifyByVoice',
      when: ({ notifyByVoice }) => notifyByVoice,
      async run({ run, write }) {
        const id = `${run.id}.${run.attempt}`.slice(-128);
        const told = {
          app: 'voice-agent',
          type: 'LEAD_RECEIVED',
          title: 'New lead',
          message: 'A new lead has come in.',
        };
        await write((tx, publish) =>
          notify(
            { tx, publish, queuedBy: 'app:coordination', sourceApp: 'coordination' },
            { id, permission: 'execute:voice', ...told },
          ),
        );
        return { notificationId: id };
      },
    },
  ],
  result: ({ settleLead: settled, notifyByVoice: voice }) => ({ ...settled, ...voice }),
});
