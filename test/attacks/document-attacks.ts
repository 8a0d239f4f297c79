import { expect } from '@jest/globals';
import { suiteLimits } from '../../kernel/config/operation-limits.ts';
import { type Attack, runsLong, type SafeAnswer } from './attack.ts';
import { checkAfter, lookBefore } from './check-answer.ts';
import { repeat } from './repeat.ts';
import { ask, credentialsOf } from './send.ts';

const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => make(index)).join(' ');

/** Refused by a limit of the suite, before it is more than a text. */
const overLimit = (limit: keyof typeof suiteLimits): SafeAnswer => ({
  status: [400],
  codes: ['OPERATION_LIMIT_EXCEEDED'],
  details: { limit, value: suiteLimits[limit] },
  maxErrors: 1,
});

const invalid: SafeAnswer = { status: [400], codes: ['BAD_USER_INPUT'], maxErrors: 3 };

function nested(depth: number, wrap: (inner: string, level: number) => string): string {
  let text = 'id';
  for (let level = 0; level < depth; level += 1) text = wrap(text, level);
  return text;
}

/** Named fragments of which each spreads the next one twice. */
function doubling(count: number): string {
  const fragments = times(
    count,
    (i) => `fragment F${i} on Lead { contact { leads { ...F${i + 1} } } deals { lead { ...F${i + 1} } } }`,
  );
  return `{ lead(id: "lea_acme_0001_1") { ...F0 } } ${fragments} fragment F${count} on Lead { id }`;
}

const createUser =
  'mutation($c: JSON) { createUser(input: {username: "x", email: "x@example.com", profileData: $c}) { user { id } } }';
const createLead = (email: string) =>
  `mutation { createLead(input: {firstName: "A", lastName: "B", email: "${email}"}) { lead { id } userErrors { code } } }`;

/** What a document can cost before anything is fetched. */
export const documentAttacks: readonly Attack[] = [
  {
    id: 'DOS-001',
    name: '101 aliases of __typename',
    send: () => ({ body: { query: `query cop { ${times(101, (i) => `alias${i}:__typename`)} }` } }),
    answer: overLimit('rootFields'),
  },
  {
    id: 'DOS-003',
    name: '500 times __typename',
    send: () => ({ body: { query: `query cop { ${'__typename \n'.repeat(500)}} ` } }),
    answer: overLimit('rootFields'),
  },
  {
    id: 'DOS-005',
    name: '10 unknown directives on one field',
    send: () => ({ body: { query: 'query cop { __typename @aa@aa@aa@aa@aa@aa@aa@aa@aa@aa }' } }),
    answer: invalid,
  },
  {
    id: 'DOS-007',
    name: 'a directive at each of 60 fields',
    send: () => ({ body: { query: `{${times(60, (i) => `f${i}:__typename @skip(if:false)`)}}` } }),
    answer: overLimit('rootFields'),
  },
  {
    id: 'DOS-009',
    name: 'a circle of types, 30 deep',
    send: () => ({
      body: { query: `{lead(id:"1"){${nested(15, (inner) => `contact{leads{${inner}}}`)}}}` },
    }),
    answer: overLimit('depth'),
  },
  {
    id: 'DOS-011',
    name: 'a list in the document, 20,000 deep',
    send: () => ({
      body: { query: `{leads(search:${'['.repeat(20_000)}1${']'.repeat(20_000)}){totalCount}}` },
    }),
    answer: overLimit('documentCharacters'),
  },
  {
    id: 'DOS-013',
    name: 'a variable of JSON, 50,000 lists deep',
    send: () => ({
      body: `{"query":${JSON.stringify(createUser)},"variables":{"c":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
    }),
    answer: overLimit('inputDepth'),
  },
  {
    id: 'DOS-015',
    name: 'a fragment that spreads itself',
    send: () => ({ body: { query: '{ lead(id:"1") { ...A } } fragment A on Lead { contact { leads { ...A } } }' } }),
    answer: invalid,
  },
  {
    id: 'DOS-017',
    name: 'named fragments that double 12 times',
    send: () => ({ body: { query: doubling(12) } }),
    answer: overLimit('depth'),
  },
  {
    id: 'DOS-019',
    name: 'fragments on all members of a union, 8 levels',
    send: () => ({
      body: {
        query: `{activity(id:"1"){entity{${nested(
          8,
          (inner, level) =>
            `...on Lead{id contact{deals{activities(first:1){${level % 2 ? 'entity' : 'contact{activities{entity'}{${inner}}${level % 2 ? '' : '}}'}}}}} ...on Contact{id deals{lead{deals{id}}}} ...on Deal{id lead{contact{id}}}`,
        )}}}}`,
      },
    }),
    answer: { status: [400], codes: ['OPERATION_LIMIT_EXCEEDED'], maxErrors: 1 },
  },
  {
    id: 'DOS-021',
    name: 'a fragment with the name of introspection',
    send: () => ({
      body: {
        query:
          '{ lead(id:"1"){ contact{ leads{ contact{ leads{ ...__schema } } } } } } fragment __schema on Lead { contact { leads { contact { leads { contact { firstName } } } } } }',
      },
    }),
    answer: overLimit('depth'),
  },
  {
    id: 'DOS-023',
    name: '1,500 fields of one response key',
    send: () => ({ body: { query: `{${times(1_500, () => 'x:lead(id:"1"){id status}')}}` } }),
    answer: overLimit('documentCharacters'),
  },
  {
    id: 'DOS-025',
    name: '5,000 definitions of variables',
    send: () => ({ body: { query: `query(${times(5_000, (i) => `$v${i}:Int`)}){__typename}`, variables: {} } }),
    answer: overLimit('documentCharacters'),
  },
  {
    id: 'DOS-027',
    name: 'a list of 1,000,000 values in a variable',
    send: () => ({
      body: {
        query: 'query($f:LeadFilter){leads(filter:$f){totalCount}}',
        variables: { f: { status: Array.from({ length: 1_000_000 }, (_, i) => `S${i}`) } },
      },
    }),
    answer: { status: [413], codes: ['OPERATION_LIMIT_EXCEEDED'], details: { limit: 'requestBytes' } },
  },
  {
    id: 'DOS-029',
    name: '90 kB of comments and commas, which are no tokens',
    send: () => ({ body: { query: `{${'#x\n'.repeat(20_000)}${','.repeat(30_000)}__typename}` } }),
    answer: overLimit('documentCharacters'),
  },
  {
    id: 'DOS-031',
    name: 'an integer of 33 bits',
    send: () => ({ body: { query: '{ leads(first: 2147483648) { totalCount } }' } }),
    answer: invalid,
  },
  {
    id: 'DOS-033',
    name: 'a page of 99,999,999',
    send: () => ({ body: { query: '{ leads(first: 99999999) { nodes { id } } }' } }),
    answer: overLimit('cost'),
  },
  {
    id: 'DOS-035',
    name: 'pages of 100 in pages of 100 in pages of 100',
    send: () => ({
      body: {
        query: '{ leads(first:100){ nodes{ activities(first:100){ contact{ activities(first:100){ id } } } } } }',
      },
    }),
    answer: overLimit('cost'),
  },
  {
    id: 'DOS-037',
    name: 'a batch of 1,000 attempts',
    send: () => ({ body: Array.from({ length: 1_000 }, (_, i) => ({ query: createLead(`guess${i}@example.com`) })) }),
    answer: { status: [400, 413, 429] },
  },
  {
    id: 'DOS-039',
    name: 'a batch in a batch',
    send: () => ({ body: '[[{"query":"{__typename}"}]]' }),
    answer: { status: [400] },
  },
  {
    id: 'DOS-041',
    name: '1,000 operations in one document',
    send: () => ({ body: { query: times(1_000, (i) => `query Q${i}{__typename}`), operationName: 'Q1' } }),
    answer: overLimit('documentCharacters'),
  },
  {
    id: 'DOS-043',
    name: 'a name of an operation of 10,000 characters',
    send: () => ({ body: { query: `query ${'A'.repeat(10_000)}{__typename}` } }),
    answer: overLimit('operationNameCharacters'),
  },
  {
    id: 'DOS-045',
    name: 'a mutation with the hash of another document',
    send: () => ({
      body: {
        query: createLead('apq@example.com'),
        extensions: { persistedQuery: { version: 1, sha256Hash: 'deadbeef' } },
      },
    }),
    answer: { status: [400], codes: ['BAD_USER_INPUT'] },
  },
  {
    id: 'DOS-047',
    name: 'a flood of documents that are all different, each to be planned',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const headers = credentialsOf(stand, 'admin');
      await repeat(runsLong ? 20_000 : 60, 20, async (i) => {
        const query = `{lead(id:"lea_acme_0001_1"){n${i}:firstName contact{c${i}:firstName}}}`;
        expect([200, 429]).toContain((await ask(stand.url, { query }, headers)).status);
      });
      await checkAfter(stand, before);
    },
  },
  {
    id: 'DOS-049',
    name: '@defer where the client takes no parts, and @stream',
    run: async (stand) => {
      const headers = credentialsOf(stand, 'admin');
      const whole = { query: '{ lead(id:"lea_acme_0001_1"){ id ... @defer { contact { id } } } }' };
      const { status, data, errors } = await ask(stand.url, whole, headers);
      // Deferring is a feature here: a client that takes one answer gets one, complete.
      expect({ status, data, errors }).toEqual({
        status: 200,
        data: { lead: { id: 'lea_acme_0001_1', contact: { id: 'con_acme_0001' } } },
        errors: undefined,
      });
      const streamed = await ask(stand.url, { query: '{ folderTemplates @stream { __typename } }' }, headers);
      expect([streamed.status, streamed.errors?.[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
    },
  },
  {
    id: 'DOS-051',
    name: '20,000 variables that nobody defined',
    send: () => ({
      body: {
        query: '{__typename}',
        variables: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])),
      },
    }),
    answer: overLimit('variables'),
  },
  {
    id: 'DOS-053',
    name: 'an e-mail address that a careless pattern would try for ever',
    send: () => ({
      body: {
        query:
          'mutation($e:String!){createLead(input:{firstName:"x",lastName:"y",email:$e}){lead{id} userErrors{field code}}}',
        variables: { e: `"${'\\a'.repeat(20_000)}@x` },
      },
    }),
    answer: {
      status: [200],
      reachesApps: true,
      codes: [],
      data: { createLead: { lead: null, userErrors: [{ field: 'email', code: 'BAD_USER_INPUT' }] } },
    },
  },
];
