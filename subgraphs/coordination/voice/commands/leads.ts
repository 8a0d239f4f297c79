import { z } from 'zod';
import { done } from '../../../../kernel/subgraph/input.ts';
import { sayHowMany, sayList } from '../phrases.ts';
import { defineVoiceCommand, limit, oneOf, phrase } from '../voice-command.ts';

const getLeadsDocument = `query ($first: Int, $filter: LeadFilter, $search: String) {
  leads(first: $first, filter: $filter, search: $search) {
    totalCount nodes { id firstName lastName email phone company status createdAt }
  }
}`;

interface LeadsAnswer {
  readonly leads: {
    readonly totalCount: number;
    readonly nodes: readonly { readonly firstName: string; readonly lastName: string }[];
  };
}

const namesRead = 5;

/** The people of a list, as far as their names are read out. */
export function sayPeople(people: LeadsAnswer['leads']['nodes'], total: number): string | undefined {
  if (people.length === 0) return undefined;
  const names = people.slice(0, namesRead).map(({ firstName, lastName }) => `${firstName} ${lastName}`);
  if (total > names.length) return `Among them: ${sayList(names)}.`;
  return `${names.length === 1 ? 'It is' : 'They are'} ${sayList(names)}.`;
}

/** The newest leads. */
export const getLeads = defineVoiceCommand({
  name: 'get_leads',
  description: 'finds leads',
  parameters: z.strictObject({
    status: oneOf(['NEW', 'CONTACTED', 'QUALIFIED', 'CONVERTED', 'LOST']).nullish(),
    search: phrase().nullish(),
    limit: limit(),
  }),
  need: { anyOf: [['read:leads'], ['read:assigned-leads']] },
  async run({ query }, { status, search, limit }) {
    const variables = { first: limit, filter: status ? { status: [status] } : {}, search };
    const { leads } = await query<LeadsAnswer>('crm', getLeadsDocument, variables);
    const { nodes, totalCount } = leads;
    const noun = status ? `${status.toLowerCase()} lead` : 'lead';
    const summary = `There ${totalCount === 1 ? 'is' : 'are'} ${sayHowMany(totalCount, noun)}.`;
    return done({ data: { leads: nodes, totalCount }, summary, details: sayPeople(nodes, totalCount) });
  },
});

const createLeadDocument =
  'mutation ($input: CreateLeadInput!) { answer: createLead(input: $input) { userErrors { field message code } } }';

/** A new lead. */
export const createLead = defineVoiceCommand({
  name: 'create_lead',
  description: 'creates a lead',
  parameters: z.strictObject({
    firstName: phrase(),
    lastName: phrase(),
    email: phrase(),
    phone: phrase().nullish(),
    company: phrase().nullish(),
    source: phrase().default('voice'),
    note: z.string().nullish(),
  }),
  need: { anyOf: [['write:leads']] },
  async run({ id, mutate }, lead) {
    const made = await mutate('crm', createLeadDocument, { ...lead, id });
    if (!made.ok) return made;
    const details = `It is ${lead.firstName} ${lead.lastName}.`;
    return done({ data: { lead: { id, ...lead } }, summary: 'The lead is created.', details });
  },
});
