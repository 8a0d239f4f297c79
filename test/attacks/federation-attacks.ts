import { expect } from '@jest/globals';
import type { Attack } from './attack.ts';
import { checkAfter, checkBody, lookBefore } from './check-answer.ts';
import { type FederationScene, type TokenParts, tokenHeader } from './federation-scene.ts';
import { ask, credentialsOf, graphqlBody } from './send.ts';

type FederationAttack = Attack<FederationScene>;

const lead = 'lea_acme_0001_1';
const contact = 'con_acme_0001';

/** A call straight to a subgraph that has no token, or none for this call. */
function notSigned(
  id: `FED-${string}`,
  name: string,
  query: string,
  token?: TokenParts,
  change: (body: string) => string = (body) => body,
): FederationAttack {
  return {
    id,
    name,
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      const body = JSON.stringify({ query });
      const headers = token ? { [tokenHeader]: scene.sign(body, token) } : {};
      const answer = await scene.askSubgraph(change(body), headers);
      expect(answer.status).toBe(401);
      expect(graphqlBody(answer.body)).toEqual({
        errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }],
      });
      checkBody(answer.body, JSON.stringify(headers));
      await checkAfter(scene.stand, before);
    },
  };
}

const entities = 'query($r:[_Any!]!){_entities(representations:$r){__typename ... on Contact{email}}}';

/** Asks the CRM for entities in the name of acme, with a good token. */
async function askEntities(scene: FederationScene, r: readonly unknown[], permissions: readonly string[]) {
  const body = JSON.stringify({ query: entities, variables: { r } });
  const answer = await scene.askSubgraph(body, { [tokenHeader]: scene.sign(body, { permissions }) });
  checkBody(answer.body);
  return { ...answer, ...graphqlBody(answer.body) };
}

const subgraphAttacks: readonly FederationAttack[] = [
  notSigned('FED-001', 'a call without a token', '{ __typename }'),
  notSigned('FED-003', 'the schema of a subgraph, without a token', '{ _service { sdl } }'),
  {
    id: 'FED-005',
    name: 'an entity that the principal of the token may not see',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      const answer = await askEntities(scene, [{ __typename: 'Contact', id: contact }], ['read:leads']);
      expect(answer).toMatchObject({
        data: { _entities: [null] },
        errors: [{ extensions: { code: 'FORBIDDEN', permission: 'read:contacts' } }],
      });
      expect(answer.body).not.toContain('@example.com');
      const theirs = await askEntities(scene, [{ __typename: 'Contact', id: 'con_globex_0001' }], ['*']);
      const nobodys = await askEntities(scene, [{ __typename: 'Contact', id: 'con_nobody_0001' }], ['*']);
      expect(theirs.data).toEqual({ _entities: [null] });
      expect(theirs.body).toBe(nobodys.body);
      await checkAfter(scene.stand, before);
    },
  },
  {
    id: 'FED-007',
    name: 'representations of nothing that there is',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      const odd = [
        { __typename: 'ApiKey', id: '1' },
        { __typename: '__proto__' },
        { id: '1' },
        { __typename: 'Contact' },
      ];
      const more = [{ __typename: 'constructor', id: '1' }, { __typename: 'Contact', id: { not: null } }, 7, []];
      for (const one of [...odd, ...more, null]) {
        const { status, data, body } = await askEntities(scene, [one], ['*']);
        expect([200, 400]).toContain(status);
        expect(data ?? { _entities: [null] }).toEqual({ _entities: [null] });
        expect(body).not.toMatch(/stack|@example\.com/);
      }
      await checkAfter(scene.stand, before);
    },
  },
  notSigned('FED-009', 'a token of a minute ago', '{ __typename }', { behindMs: 61_000 }),
  notSigned('FED-011', 'a token of another body', '{ __typename }', {}, (body) =>
    body.replace('__typename', 'leads{totalCount}'),
  ),
];

/** A header by which a client could speak for the gateway, were it passed on. */
function smuggled(id: `FED-${string}`, name: string, value = 'globex'): FederationAttack {
  return {
    id,
    name: `the header ${name}`,
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      scene.seen.length = 0;
      const headers = { ...credentialsOf(scene.stand, 'admin'), [name]: value };
      const answer = await ask(scene.url, { query: '{ lead(id:"lea_globex_0001_1") { id } }' }, headers);
      expect([answer.status, answer.data]).toEqual([200, { lead: null }]);
      expect(scene.seen).toHaveLength(1);
      expect(scene.seen[0]?.[name.toLowerCase()]).not.toBe(value);
      expect(scene.seen[0]?.authorization).toBeUndefined();
      await checkAfter(scene.stand, before);
    },
  };
}

const names = (alias: string) => `{ lead(id:"${lead}") { id contact { ${alias}: firstName } ${alias}2: firstName } }`;

/** A name that JavaScript gives a meaning, as the name of a field in the answer. */
const aliased = (id: `FED-${string}`, alias: string): FederationAttack => ({
  id,
  name: `a field called ${alias}`,
  run: async (scene) => {
    const before = await lookBefore(scene.stand);
    const headers = credentialsOf(scene.stand, 'admin');
    const { status, data } = await ask(scene.url, { query: names(alias) }, headers);
    expect([status, data]).toEqual([
      200,
      { lead: { id: lead, contact: { [alias]: expect.any(String) }, [`${alias}2`]: expect.any(String) } },
    ]);
    for (let i = 0; i < 10; i += 1) await checkAfter(scene.stand, before);
  },
});

const passingAttacks: readonly FederationAttack[] = [
  smuggled('FED-013', 'X-TENANT-ID'),
  smuggled('FED-015', 'x-user-permissions', '*'),
  smuggled('FED-017', 'x-service-token'),
  smuggled('FED-019', 'x-hasura-role', 'admin'),
  smuggled('FED-021', 'traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
  {
    id: 'FED-023',
    name: 'a list of headers that are to be dropped on the way',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      scene.seen.length = 0;
      const headers = { ...credentialsOf(scene.stand, 'admin'), connection: `close, ${tokenHeader}, authorization` };
      const { status, data } = await ask(scene.url, { query: `{ lead(id:"${lead}") { id } }` }, headers);
      expect([status, data]).toEqual([200, { lead: { id: lead } }]);
      expect(scene.seen[0]?.[tokenHeader]).toMatch(/^eyJ/);
      await checkAfter(scene.stand, before);
    },
  },
  aliased('FED-025', 'constructor'),
  aliased('FED-027', 'toString'),
  aliased('FED-029', 'valueOf'),
  aliased('FED-031', 'then'),
  {
    id: 'FED-033',
    name: 'a field of JSON called __proto__',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      const query = '{ users(first:1) { nodes { __proto__: profileData } } }';
      const { status } = await ask(scene.url, { query }, credentialsOf(scene.stand, 'admin'));
      expect([200, 400]).toContain(status);
      await checkAfter(scene.stand, before);
    },
  },
  {
    id: 'FED-035',
    name: 'variables that are not sent, called as what every object has',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      const input = (n: string, json: string) =>
        `createUser(input:{username:"${n}.${json}",email:"${n}.${json}@example.com",profileData:$${json}})`;
      const query = `mutation($constructor:JSON,$toString:JSON){a:${input('a', 'constructor')}{user{profileData}} b:${input('b', 'toString')}{user{profileData}}}`;
      const { status, data } = await ask(scene.url, { query, variables: {} }, credentialsOf(scene.stand, 'admin'));
      expect([status, data]).toEqual([200, { a: { user: { profileData: null } }, b: { user: { profileData: null } } }]);
      await checkAfter(scene.stand, before);
    },
  },
];

/** What can be forged between the gateway and its subgraphs, and what the gateway passes on. */
export const federationAttacks: readonly FederationAttack[] = [...subgraphAttacks, ...passingAttacks];
