import { expect } from '@jest/globals';
import { getNamedType, isInputObjectType, isIntrospectionType, isObjectType } from 'graphql';
import type { Attack, RequestAttack, SafeAnswer } from './attack.ts';
import { checkAfter, lookBefore } from './check-answer.ts';
import { ask, credentialsOf } from './send.ts';

/** A text that means something in SQL is searched for as it stands: nothing has it. */
const literally = (id: `INJ-${string}`, s: string): RequestAttack => ({
  id,
  name: `a search for ${s}`,
  send: () => ({
    body: {
      query:
        'query($s:String!){ leads(search:$s){ totalCount } contacts(search:$s){ totalCount } users(search:$s){ totalCount } documents(search:$s){ totalCount } byEmail: leads(filter:{email:$s}){ totalCount } bySource: leads(filter:{source:$s}){ totalCount } }',
      variables: { s },
    },
  }),
  answer: {
    status: [200],
    codes: [],
    reachesApps: true,
    data: Object.fromEntries(
      ['leads', 'contacts', 'users', 'documents', 'byEmail', 'bySource'].map((name) => [name, { totalCount: 0 }]),
    ),
    hides: ['syntax error'],
  },
});

const invalid: SafeAnswer = { status: [400], codes: ['BAD_USER_INPUT'] };

const createLead = 'mutation($i:CreateLeadInput!){createLead(input:$i){lead{id} userErrors{field code}}}';
const usual = { firstName: 'x', lastName: 'y', email: 'input@example.com' };

const mistakeOf = (field: string): SafeAnswer => ({
  status: [200],
  codes: [],
  reachesApps: true,
  data: { createLead: { lead: null, userErrors: [{ field, code: 'BAD_USER_INPUT' }] } },
});

/** The one address that a client may name, and what is called after it. Whoever adds another one finds these tests. */
const knownAddressInputs = [
  'Mutation.registerWebhook(input: RegisterWebhookInput)',
  'Mutation.removeWebhook(input: RemoveWebhookInput)',
  'NotificationPreferenceInput.webhook',
  'Query.webhookDeliveries(webhookId: ID)',
  'RegisterWebhookInput.url',
];

/** Addresses that lead inside are refused; what their names stand for when a connection is made, has a test of its own. */
const noAddress = (id: `INJ-${string}`, address: string): Attack => ({
  id,
  name: `a webhook to ${address}`,
  run: async (stand) => {
    const before = await lookBefore(stand);
    const query = 'mutation($u:String!){registerWebhook(input:{url:$u}){secret userErrors{field code}}}';
    const refused = { registerWebhook: { secret: null, userErrors: [{ field: 'url', code: 'BAD_USER_INPUT' }] } };
    for (const u of [address, stand.trap.url]) {
      const answer = await ask(stand.url, { query, variables: { u } }, credentialsOf(stand, 'admin'));
      expect(answer).toMatchObject({ status: 200, data: refused });
    }
    const trapped = { i: { ...usual, source: stand.trap.url, company: address, note: stand.trap.url } };
    await ask(stand.url, { query: createLead, variables: trapped }, credentialsOf(stand, 'admin'));
    expect(addressInputs(stand.supergraph.apiSchema.getTypeMap()).sort()).toEqual(knownAddressInputs);
    await checkAfter(stand, before);
  },
});

/** The inputs and arguments whose names say that they are addresses. */
function addressInputs(types: Readonly<Record<string, unknown>>): string[] {
  return Object.values(types)
    .flatMap((type) => {
      if (isInputObjectType(type)) return Object.keys(type.getFields()).map((name) => `${type.name}.${name}`);
      if (!isObjectType(type) || isIntrospectionType(type)) return [];
      return Object.values(type.getFields()).flatMap(({ name, args }) =>
        args.map((argument) => `${type.name}.${name}(${argument.name}: ${getNamedType(argument.type).name})`),
      );
    })
    .filter((coordinate) => /ur[il]|webhook|callback|endpoint|href|link/i.test(coordinate.split(/[.(]/).at(-1) ?? ''));
}

/** What values can do that look like something else. */
export const inputAttacks: readonly Attack[] = [
  literally('INJ-001', "aaa' or 1=1--"),
  literally('INJ-003', "' UNION SELECT hash FROM api_keys--"),
  literally('INJ-005', '$$;SELECT pg_sleep(5)--'),
  literally('INJ-007', '%27%20OR%201=1'),
  {
    id: 'INJ-009',
    name: 'an order by what belongs to a relation',
    send: () => ({
      body: {
        query: 'query($o:LeadOrder){leads(orderBy:$o){nodes{id}}}',
        variables: { o: { field: { tenant: { apiKeys: { _count: 'desc' } } }, direction: 'ASC' } },
      },
    }),
    answer: invalid,
  },
  {
    id: 'INJ-011',
    name: 'a filter through a relation',
    send: () => ({
      body: {
        query: 'query($f:LeadFilter){leads(filter:$f){totalCount}}',
        variables: { f: { tenant: { apiKeys: { some: { hash: { startsWith: '06' } } } } } },
      },
    }),
    answer: invalid,
  },
  {
    id: 'INJ-013',
    name: 'fields of a record that no client sets',
    send: () => ({
      body: { query: createLead, variables: { i: { ...usual, tenantId: 'globex', role: 'admin' } } },
    }),
    answer: invalid,
  },
  {
    id: 'INJ-015',
    name: 'NUL in a text',
    send: () => ({ body: { query: createLead, variables: { i: { ...usual, firstName: 'a\0b' } } } }),
    answer: { ...mistakeOf('firstName'), hides: ['22021', 'invalid byte sequence'] },
  },
  {
    id: 'INJ-017',
    name: 'an e-mail address with characters that cannot be seen',
    send: () => ({ body: { query: createLead, variables: { i: { ...usual, email: 'a\u202e\u200b@x.com' } } } }),
    answer: mistakeOf('email'),
  },
  {
    // Nothing here exports tables. A text comes back as it was written: who makes a table of it has to mark it as text.
    id: 'INJ-019',
    name: 'a text that a spreadsheet would run',
    send: () => ({
      body: {
        query: 'mutation($i:CreateLeadInput!){createLead(input:$i){lead{firstName}}}',
        variables: { i: { ...usual, firstName: "=cmd|' /C calc'!A0" } },
      },
    }),
    answer: {
      status: [200],
      codes: [],
      reachesApps: true,
      writes: true,
      data: { createLead: { lead: { firstName: "=cmd|' /C calc'!A0" } } },
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff' },
    },
  },
  noAddress('INJ-021', 'http://169.254.169.254/latest/meta-data/'),
  noAddress('INJ-023', 'http://[::ffff:127.0.0.1]:4001/'),
  noAddress('INJ-025', 'file:///etc/passwd'),
  noAddress('INJ-027', 'http://subgraph-leads.internal/graphql'),
  noAddress('INJ-029', 'http://rebind.test/'),
];
