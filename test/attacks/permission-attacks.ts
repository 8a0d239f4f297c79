import { expect } from '@jest/globals';
import type { Attack, RequestAttack, SafeAnswer } from './attack.ts';
import { checkAfter, lookBefore } from './check-answer.ts';
import { ask, credentialsOf, keyOfGlobex } from './send.ts';

const createLead =
  'mutation { createLead(input:{firstName:"p",lastName:"q",email:"p@example.com"}) { lead { id } userErrors { code } } }';

const refusedWhole: SafeAnswer = {
  status: [200, 403],
  codes: ['FORBIDDEN'],
  details: { permission: 'write:leads' },
};

/** What does not read as `write:leads`, `write:*` or `*` lets nobody write a lead. */
const notWriting = (id: `AUTH-${string}`, name: string, permissions: unknown): RequestAttack => ({
  id,
  name: `permissions that are ${name}`,
  as: { permissions },
  send: () => ({ body: { query: createLead } }),
  answer: refusedWhole,
});

const writing = (id: `AUTH-${string}`, permission: string): RequestAttack => ({
  id,
  name: `the permission ${permission}, which covers writing leads`,
  as: { permissions: [permission] },
  send: () => ({
    body: {
      query: `mutation { createLead(input:{firstName:"p",lastName:"q",email:"p@example.com"}) { userErrors { code } } }`,
    },
  }),
  answer: { status: [200], codes: [], reachesApps: true, writes: true, data: { createLead: { userErrors: [] } } },
});

const createKey =
  'mutation { createApiKey(input:{name:"x", permissions:["*"], allowedApps:["*"]}) { key apiKey { id } userErrors { field code } } }';

const stringAttacks: readonly Attack[] = [
  writing('AUTH-047', '*'),
  notWriting('AUTH-049', 'followed by a blank', ['write:leads ']),
  // An operation with every resource is a permission here, as in the matrix of the platform.
  writing('AUTH-051', 'write:*'),
  notWriting('AUTH-053', 'two in one text', ['read:leads,write:leads']),
  notWriting('AUTH-055', 'one with more behind it', ['write:leads:all']),
  notWriting('AUTH-057', 'names of what every object has', ['__proto__', 'constructor', 'toString']),
  notWriting('AUTH-059', 'null', null),
  notWriting('AUTH-061', 'a list in a list', [['*']]),
  {
    id: 'AUTH-081',
    name: 'a key with more than its maker has',
    as: { permissions: ['write:keys', 'read:leads'] },
    send: () => ({ body: { query: createKey } }),
    answer: {
      status: [200, 403],
      reachesApps: true,
      hides: [/pk_/],
      says: ['FORBIDDEN'],
    },
  },
];

const contact = 'con_acme_0001';
const lead = 'lea_acme_0001_1';
/** What a contact of the tenant is known by. */
const contactData = [/@example\.com/, /"\+?\d[\d .()/-]{5,}"/];

const partial = (permission: string): Partial<SafeAnswer> & Pick<SafeAnswer, 'status'> => ({
  status: [200, 403],
  codes: ['FORBIDDEN'],
  details: { permission },
  hides: contactData,
});

const fieldAttacks: readonly Attack[] = [
  {
    id: 'AUTHZ-001',
    name: 'a field that needs more than its parent, under another name',
    as: { permissions: ['read:metrics'] },
    send: () => ({ body: { query: '{ customer360(id:"cus_acme_0001") { id profile { lastLogin: email } } }' } }),
    answer: {
      ...partial('read:own-users'),
      details: { code: 'FORBIDDEN', permission: expect.stringMatching(/^read:(own-)?users$/) },
      reachesApps: true,
      data: { customer360: { id: 'cus_acme_0001', profile: { lastLogin: null } } },
    },
  },
  {
    id: 'AUTHZ-003',
    name: 'a type behind a union, by fragments in fragments',
    as: { permissions: ['read:activities'] },
    send: () => ({
      body: {
        query:
          '{ activity(id:"act_acme_0001_1") { id entity { ...N } } } fragment N on ActivityEntity { ...C ...L } fragment C on Contact { email } fragment L on Lead { mail: email contact { email } }',
      },
    }),
    answer: { status: [200], codes: ['FORBIDDEN'], reachesApps: true, hides: contactData },
  },
  {
    id: 'AUTHZ-005',
    name: 'the contact of a lead, with leads alone',
    as: { permissions: ['read:leads'] },
    send: () => ({ body: { query: `{ lead(id:"${lead}") { id contact { email } } }` } }),
    answer: { ...partial('read:contacts'), reachesApps: true, data: { lead: { id: lead, contact: null } } },
  },
  {
    id: 'AUTHZ-007',
    name: 'two types under one response name, one of them allowed',
    as: { permissions: ['read:activities', 'read:leads'] },
    send: () => ({
      body: {
        query:
          '{ activities(filter:{entityType:CONTACT}, first:3) { nodes { entity { __typename ... on Lead { x: id } ... on Contact { x: id } } } } }',
      },
    }),
    answer: { status: [200], codes: ['FORBIDDEN'], reachesApps: true, hides: [/con_acme/] },
  },
  {
    id: 'AUTHZ-009',
    name: 'the answer to a mutation, which shows more than the caller may see',
    as: { permissions: ['write:leads', 'read:leads'] },
    send: () => ({
      body: {
        query:
          'mutation { createLead(input:{firstName:"x",lastName:"y",email:"widen@example.org"}) { lead { id contact { email phone } } } }',
      },
    }),
    answer: {
      status: [200],
      codes: ['FORBIDDEN'],
      details: { permission: 'read:contacts' },
      reachesApps: true,
      writes: true,
      data: { createLead: { lead: { id: expect.any(String), contact: null } } },
      hides: ['widen@example.org'],
    },
  },
  {
    id: 'AUTHZ-011',
    name: 'two mutations, of which one is not allowed: neither is run',
    as: { permissions: ['write:leads'] },
    send: () => ({
      body: {
        query: `mutation { a: createLead(input:{firstName:"ok",lastName:"ok",email:"ok@example.com"}) { userErrors { code } } b: updateContact(input:{id:"${contact}", firstName:"no"}) { userErrors { code } } }`,
      },
    }),
    answer: {
      status: [403],
      codes: ['FORBIDDEN'],
      details: { permission: 'write:contacts' },
      recorded: { kind: 'DENIAL', outcome: 'DENIED', code: 'FORBIDDEN', permission: 'write:contacts' },
    },
  },
  {
    id: 'AUTHZ-013',
    name: 'a mutation with a harmless name',
    as: { permissions: ['read:leads'] },
    send: () => ({
      body: {
        query: `mutation HealthCheck { updateLead(input:{id:"${lead}", status:LOST}) { userErrors { code } } }`,
        operationName: 'HealthCheck',
      },
    }),
    answer: {
      status: [403],
      codes: ['FORBIDDEN'],
      recorded: {
        outcome: 'DENIED',
        operation_name: 'HealthCheck',
        mutation: 'updateLead',
        permission: expect.any(String),
      },
    },
  },
];

const readLead = (id: string) => ({ query: `{ lead(id:"${id}") { id firstName } }` });
const updateContact = (id: string) => ({
  query: `mutation { updateContact(input:{id:"${id}", firstName:"pwn"}) { contact { id } userErrors { field message code } } }`,
});

/** Asks for a record of the other tenant and for one that nobody has: both read the same, and change nothing. */
function likeNothing(
  id: `AUTHZ-${string}`,
  name: string,
  operation: (id: string) => { readonly query: string },
  [theirs, nobodys]: readonly [string, string],
): Attack {
  return {
    id,
    name,
    run: async (stand) => {
      const before = await lookBefore(stand);
      const headers = credentialsOf(stand, 'admin');
      const [one, other] = [
        await ask(stand.url, operation(theirs), headers),
        await ask(stand.url, operation(nobodys), headers),
      ];
      expect(one.status).toBe(200);
      expect([one.status, one.text]).toEqual([other.status, other.text]);
      expect(await stand.rowsOf('acme')).toBe(before.acme);
      if (operation(theirs).query.startsWith('mutation')) {
        const refused = [expect.objectContaining({ kind: 'MUTATION', outcome: 'REFUSED', code: 'NOT_FOUND' })];
        expect(await stand.recordsOf('acme', one.correlationId)).toEqual(refused);
        expect(await stand.recordsOf('globex', one.correlationId)).toEqual([]);
      }
      await checkAfter(stand, before);
    },
  };
}

const tenantAttacks: readonly Attack[] = [
  likeNothing('AUTHZ-015', 'a lead of another tenant', readLead, ['lea_globex_0001_1', 'lea_nobody_0001_1']),
  likeNothing('AUTHZ-017', 'a change to a contact of another tenant', updateContact, [
    'con_globex_0001',
    'con_nobody_0001',
  ]),
  {
    id: 'AUTHZ-019',
    name: 'a lead with an address that only the other tenant knows',
    send: () => ({
      body: {
        query:
          'mutation { createLead(input:{firstName:"x",lastName:"y",email:"only-in-globex@example.com"}) { lead { status contact { leads { status } } } userErrors { code } } }',
      },
    }),
    answer: {
      status: [200],
      codes: [],
      reachesApps: true,
      writes: true,
      data: { createLead: { lead: { status: 'NEW', contact: { leads: [{ status: 'NEW' }] } }, userErrors: [] } },
    },
  },
  {
    id: 'AUTHZ-021',
    name: 'a cursor of another tenant',
    run: async (stand) => {
      const page = 'query($a:String){leads(first:1,after:$a){nodes{id} pageInfo{endCursor}}}';
      const own = await ask(stand.url, { query: page, variables: {} }, { 'x-tenant-key': keyOfGlobex });
      const a = (own.data as { leads: { pageInfo: { endCursor: string } } }).leads.pageInfo.endCursor;
      const before = await lookBefore(stand);
      const answer = await ask(stand.url, { query: page, variables: { a } }, credentialsOf(stand, 'admin'));
      expect(answer).toMatchObject({ data: { leads: null }, errors: [{ extensions: { code: 'CURSOR_INVALID' } }] });
      await checkAfter(stand, before);
    },
  },
  {
    id: 'AUTHZ-023',
    name: 'ids that are null, where no value could mean every record',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const headers = credentialsOf(stand, 'admin');
      for (const query of [
        'mutation($i:ID!){deleteDocument(input:{id:$i}){userErrors{code}}}',
        'mutation($i:ID!){updateContact(input:{id:$i,firstName:"all"}){userErrors{code}}}',
        'mutation($i:ID!){revokeApiKey(input:{id:$i}){userErrors{code}}}',
      ]) {
        for (const variables of [{ i: null }, {}, { i: '' }]) {
          const { status, data, errors } = await ask(stand.url, { query, variables }, headers);
          if (status === 400) expect([data, errors?.[0]?.extensions.code]).toEqual([undefined, 'BAD_USER_INPUT']);
          else expect(JSON.stringify(data)).toMatch(/"userErrors":\[\{"code":"(NOT_FOUND|BAD_USER_INPUT)"\}\]/);
        }
      }
      expect(await stand.rowsOf('acme')).toBe(before.acme);
      await checkAfter(stand, before);
    },
  },
  {
    id: 'AUTHZ-025',
    name: 'filters that are empty lists, which match nothing and not everything',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const query = '{ leads(filter:{status:[]}) { totalCount } activities(filter:{type:[]}) { totalCount } }';
      const { data } = await ask(stand.url, { query }, credentialsOf(stand, 'admin'));
      expect(data).toEqual({ leads: { totalCount: 0 }, activities: { totalCount: 0 } });
      expect(await stand.rowsOf('acme')).toBe(before.acme);
      await checkAfter(stand, before);
    },
  },
];

/** What callers can do beyond what they may. */
export const permissionAttacks: readonly Attack[] = [...stringAttacks, ...fieldAttacks, ...tenantAttacks];
