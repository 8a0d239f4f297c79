import { z } from 'zod';
import { done } from '../../../../kernel/subgraph/input.ts';
import { sayHowMany } from '../phrases.ts';
import { defineVoiceCommand, limit, phrase } from '../voice-command.ts';
import { sayPeople } from './leads.ts';

const searchContactsDocument = `query ($first: Int, $search: String) {
  contacts(first: $first, search: $search) { totalCount nodes { id firstName lastName email phone source } }
}`;

interface ContactsAnswer {
  readonly contacts: {
    readonly totalCount: number;
    readonly nodes: readonly { readonly firstName: string; readonly lastName: string }[];
  };
}

/** The contacts in whose name, address or phone some words are. */
export const searchContacts = defineVoiceCommand({
  name: 'search_contacts',
  description: 'finds contacts by name, address or phone',
  parameters: z.strictObject({ query: phrase(), limit: limit() }),
  need: { anyOf: [['read:contacts']] },
  async run({ query }, { query: search, limit }) {
    const { contacts } = await query<ContactsAnswer>('crm', searchContactsDocument, { first: limit, search });
    const { nodes, totalCount } = contacts;
    const summary = `I found ${sayHowMany(totalCount, 'contact')}.`;
    return done({ data: { contacts: nodes, totalCount }, summary, details: sayPeople(nodes, totalCount) });
  },
});
