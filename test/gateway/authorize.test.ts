import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import {
  type AnonymousGateway,
  openAnonymousGateway,
  serveSubgraphs,
} from '../support/federation/anonymous-gateway.ts';
import { askedOf, createGuardedCrm } from '../support/federation/guarded-crm.ts';
import { contextOf } from '../support/federation/sharing.ts';

const subgraphs = createGuardedCrm();
let gateway: AnonymousGateway;

beforeAll(async () => {
  gateway = await openAnonymousGateway(serveSubgraphs(subgraphs), {
    access: {
      kind: 'authenticated',
      introspection: true,
      // The key is the list of permissions.
      async authenticator({ tenantKey = '' }) {
        const { principal } = contextOf('acme', { permissions: tenantKey.split(' ') });
        if (!principal) throw new PanoramaError('UNAUTHENTICATED', 'There is no principal.');
        return principal;
      },
    },
  });
});

afterAll(() => gateway.stop());

beforeEach(() => {
  for (const { requests } of subgraphs) requests.length = 0;
});

interface Answer {
  readonly status: number;
  readonly data?: Record<string, unknown> | null;
  /** `path code permission`. */
  readonly errors: readonly string[];
  readonly text: string;
}

async function ask(permissions: string | undefined, query: string, variables = {}): Promise<Answer> {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(permissions && { 'x-tenant-key': permissions }) },
    body: JSON.stringify({ query, variables }),
  });
  const text = await response.text();
  const { data, errors = [] } = JSON.parse(text);
  const told = errors.map((error: { path?: unknown[]; extensions: Record<string, unknown> }) =>
    [error.path?.join('.') ?? '-', error.extensions.code, error.extensions.permission].filter(Boolean).join(' '),
  );
  return { status: response.status, data, errors: told, text };
}

describe('a field that the principal may not see', () => {
  test('is null, with an error that names the permission, and is not asked for', async () => {
    const { status, data, errors, text } = await ask('read:contacts', '{ contact { id email } }');
    expect({ status, data, errors }).toEqual({
      status: 200,
      data: { contact: { id: 'c1', email: null } },
      errors: ['contact.email FORBIDDEN read:pii'],
    });
    expect(text).toContain('The permission read:pii is needed for Contact.email.');
    expect(askedOf(subgraphs)).toContain('{contact{id}}');
  });

  test('is answered to one who may, by the same text', async () => {
    const query = '{ contact { id email } }';
    for (const permissions of ['read:contacts read:pii', 'read:*', '*']) {
      expect(await ask(permissions, query)).toMatchObject({ data: { contact: { email: 'secret-email' } }, errors: [] });
    }
    expect((await ask('read:contacts', query)).data).toEqual({ contact: { id: 'c1', email: null } });
    expect((await ask('read:contacts *:pii pii', query)).text).not.toContain('secret');
  });

  test.each([
    ['an alias', '{ contact { id name: email } }'],
    ['an alias that is a key', '{ contact { id: email } }'],
    ['a fragment', '{ contact { ...F } } fragment F on Contact { ...G } fragment G on Contact { id email }'],
    ['a fragment on an interface', '{ contact { ... on Named { ... on Node { ... on Contact { email } } } } }'],
    ['the interface itself', '{ contact { ... on Named { name } } }'],
    ['@include', 'query ($yes: Boolean = true) { contact { email @include(if: $yes) id @skip(if: $yes) } }'],
    [
      'both of @include and @skip',
      'query ($on: Boolean = true) { contact { email @include(if: $on) email @skip(if: $on) } }',
    ],
    ['a field that is there twice', '{ contact { ... { email } email } contact { email } }'],
    ['an object behind another', '{ lead(id: "l1") { contact { email } } }'],
    ['node', '{ node(id: "c1") { ...N } } fragment N on Node { ...C } fragment C on Contact { email }'],
    ['a union', '{ search { ... on Named { name } ... on Contact { email } } }'],
    ['siblings under one name', '{ node(id: "c1") { ... on Lead { x: name } ... on Contact { x: name } } }'],
    ['@defer', '{ contact { id ... @defer { email } } }'],
  ])('cannot be had by %s', async (_, query) => {
    const { text, errors } = await ask('read:contacts read:leads', query);
    expect(text).not.toContain('secret');
    expect(errors[0]).toMatch(/ FORBIDDEN read:pii$/);
    expect(askedOf(subgraphs)).not.toMatch(/email|\bname\b.*Contact|Contact\{[^}]*name/);
  });

  test('costs nothing where its condition leaves it out', async () => {
    const query = 'query ($all: Boolean!) { contact { id email @include(if: $all) } }';
    expect(await ask('read:contacts', query, { all: false })).toMatchObject({
      data: { contact: { id: 'c1' } },
      errors: [],
    });
  });

  test('is null at each item of a list, with one error where it was first', async () => {
    const { data, errors } = await ask('read:leads read:contacts', '{ leads { id contact { email } } }');
    const items = ['l1', 'l2'].map((id) => ({ id, contact: { email: null } }));
    expect({ data, errors }).toEqual({
      data: { leads: items },
      errors: ['leads.0.contact.email FORBIDDEN read:pii'],
    });
  });

  test('gives no error where there is nothing to leave out', async () => {
    const { data, errors } = await ask('read:leads', '{ lead(id: "nobody") { budget } notes { text } }');
    expect({ data, errors }).toEqual({ data: { lead: null, notes: [] }, errors: [] });
  });

  test('is one that returns a type, a scalar or an enum that needs more', async () => {
    const query = '{ lead(id: "l1") { contact { __typename } budget stage } }';
    expect(await ask('read:leads read:money', query)).toMatchObject({
      data: { lead: { contact: null, budget: 'secret-budget', stage: null } },
      errors: ['lead.contact FORBIDDEN read:contacts', 'lead.stage FORBIDDEN read:stages'],
    });
    expect(askedOf(subgraphs)).not.toMatch(/contact|stage/);
  });

  test('may be had by any one alternative, and the error names what lacks the least', async () => {
    const query = '{ audits { what } }';
    for (const permissions of ['read:audit', 'read:security read:crm']) {
      expect((await ask(permissions, query)).errors).toEqual([]);
    }
    expect((await ask('read:crm', query)).errors).toEqual(['audits FORBIDDEN read:audit']);
    expect((await ask('write:crm', query)).errors).toEqual(['audits FORBIDDEN read:audit']);
  });

  test('is one that is computed from it', async () => {
    const query = '{ lead(id: "l1") { rank rating } }';
    const { data, errors } = await ask('read:leads', query);
    expect({ data, errors }).toEqual({
      data: { lead: { rank: 1, rating: null } },
      errors: ['lead.rating FORBIDDEN read:contacts and read:pii'],
    });
    expect(askedOf(subgraphs)).not.toMatch(/email|contact|rating/);
    expect((await ask('read:leads read:contacts read:pii', query)).errors).toEqual([]);
  });
});

describe('a field that may not be null', () => {
  test('leaves null what is around it, which is not asked for', async () => {
    const { data, errors } = await ask('read:contacts read:leads', '{ contact { id phone } leads { id } }');
    expect({ data, errors }).toEqual({
      data: { contact: null, leads: [{ id: 'l1' }, { id: 'l2' }] },
      errors: ['contact FORBIDDEN read:pii'],
    });
    expect(askedOf(subgraphs)).not.toContain('contact');
  });

  test('leaves a list null whose items may not be', async () => {
    const { data, errors } = await ask('read:contacts', '{ contact { id calls { at number } } }');
    expect({ data, errors }).toEqual({
      data: { contact: { id: 'c1', calls: null } },
      errors: ['contact.calls FORBIDDEN read:pii'],
    });
  });

  test('leaves the whole answer null where nothing around it may be null', async () => {
    expect(await ask('read:leads', '{ leads { id } firstContact { id } }')).toMatchObject({
      status: 200,
      data: null,
      errors: ['firstContact FORBIDDEN read:contacts'],
    });
    expect(askedOf(subgraphs)).toBe('');
  });

  test('does so only where its condition holds', async () => {
    const query = 'query ($all: Boolean!) { contact { id phone @include(if: $all) } }';
    expect((await ask('read:contacts', query, { all: false })).data).toEqual({ contact: { id: 'c1' } });
    expect(await ask('read:contacts', query, { all: true })).toMatchObject({
      data: { contact: null },
      errors: ['contact.phone FORBIDDEN read:pii'],
    });
    expect(askedOf(subgraphs)).not.toContain('phone');
  });
});

describe('an object of a type that the principal may not see', () => {
  test.each([
    ['an interface', 'everything', [{ __typename: 'Note', id: 'n1' }, null, { __typename: 'Lead', id: 'l1' }, null], 1],
    ['a union', 'search', [null, { __typename: 'Note', id: 'n1' }, null, { __typename: 'Lead', id: 'l1' }], 0],
  ])('is null behind %s, and its siblings are not', async (_, field, items, first) => {
    const { data, errors, text } = await ask('read:leads', `{ ${field} { __typename ... on Node { id } } }`);
    expect({ data, errors }).toEqual({
      data: { [field]: items },
      errors: [`${field}.${first} FORBIDDEN read:contacts`],
    });
    expect(text).not.toContain('"Contact"');
    expect(askedOf(subgraphs)).not.toContain('Contact');
  });

  test('is null behind node', async () => {
    const query = 'query ($id: ID!) { node(id: $id) { id ... on Named { name } } }';
    expect(await ask('read:leads', query, { id: 'l1' })).toMatchObject({
      data: { node: { id: 'l1', name: 'Ada' } },
      errors: [],
    });
    expect(await ask('read:leads', query, { id: 'c1' })).toMatchObject({
      data: { node: null },
      errors: ['node FORBIDDEN read:contacts'],
    });
    expect(await ask('read:leads', query, { id: 'nobody' })).toMatchObject({ data: { node: null }, errors: [] });
  });

  test('does not show that there are interfaces inside interfaces without end', async () => {
    const depth = 14;
    const query = `{ node(id: "l1") { ${'... on Lead { neighbours { id '.repeat(depth)}${'} }'.repeat(depth)} } }`;
    expect((await ask('read:leads', query)).errors).toEqual(['node.neighbours.0 FORBIDDEN read:contacts']);
  });
});

describe('a mutation', () => {
  test.each([
    [
      'a root field',
      'write:leads',
      'mutation { a: createLead(name: "a") { count } updateContact(name: "b") { __typename } }',
    ],
    [
      'what a root field cannot do without',
      'write:contacts',
      'mutation { updateContact(name: "b") { contact { id } } }',
    ],
    [
      'what a root field could turn out to return',
      'write:leads',
      'mutation { createLead(name: "a") { created { id } } }',
    ],
  ])('of which %s is refused does not run', async (_, permissions, query) => {
    expect(await ask(permissions, query)).toMatchObject({
      status: 403,
      errors: [expect.stringMatching(/^- FORBIDDEN .+/)],
    });
    expect(askedOf(subgraphs)).toBe('');
  });

  test('runs without the parts of its answer that are refused', async () => {
    const query = 'mutation { createLead(name: "a") { count lead { id } contact { email } } }';
    expect(await ask('write:leads read:leads', query)).toMatchObject({
      status: 200,
      data: { createLead: { count: 2, lead: { id: 'l1' }, contact: null } },
      errors: ['createLead.contact FORBIDDEN read:contacts'],
    });
  });

  test('is judged by what its conditions leave of it', async () => {
    const query = 'mutation ($all: Boolean!) { createLead(name: "a") { count created @include(if: $all) { id } } }';
    expect((await ask('write:leads', query, { all: true })).status).toBe(403);
    expect(askedOf(subgraphs)).toBe('');
    expect((await ask('write:leads', query, { all: false })).data).toEqual({ createLead: { count: 2 } });
  });

  test('is judged by what it does, not by its name', async () => {
    const query = 'mutation Health { updateContact(name: "b") { __typename } }';
    expect(await ask('read:*', query)).toMatchObject({ status: 403, errors: ['- FORBIDDEN write:contacts'] });
  });
});

describe('a query', () => {
  test('of which all is refused is answered with nulls', async () => {
    expect(await ask('read:nothing', '{ contact { id } leads { id } }')).toMatchObject({
      status: 200,
      data: { contact: null, leads: null },
      errors: ['contact FORBIDDEN read:contacts', 'leads FORBIDDEN read:leads'],
    });
    expect(askedOf(subgraphs)).toBe('');
  });

  test('of a caller without a principal is refused whole, even if it would bring nothing', async () => {
    expect(await ask(undefined, '{ contact { id } }')).toMatchObject({ status: 401, errors: ['- UNAUTHENTICATED'] });
  });
});

describe('a gateway that serves anonymously', () => {
  test('gives what needs nobody, and asks for a credential for the rest', async () => {
    const open = await openAnonymousGateway(serveSubgraphs(subgraphs));
    const query = '{ notes { text } secrets { word } everything { id } }';
    const response = await fetch(`${open.url}?query=${encodeURIComponent(query)}`);
    const { data, errors } = JSON.parse(await response.text());
    await open.stop();
    expect(data).toEqual({ notes: [], secrets: null, everything: [{ id: 'n1' }, null, null, null] });
    const codes = errors.map((error: { path: unknown[]; extensions: object }) => [
      error.path.join('.'),
      error.extensions,
    ]);
    expect(codes).toEqual([
      ['secrets', { code: 'UNAUTHENTICATED' }],
      ['everything.1', { code: 'UNAUTHENTICATED' }],
      ['everything.2', { code: 'UNAUTHENTICATED' }],
    ]);
  });
});
