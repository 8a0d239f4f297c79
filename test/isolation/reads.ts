import { expect } from '@jest/globals';
import type { SeededRandom } from '../support/federation/seeded-random.ts';
import { dealOut } from './deal-out.ts';
import { codesAt, countOf, expectErrorsOnlyAt, expectNothingForeign, isFound, type Lane, recordsOf } from './lane.ts';
import { emailOf, type Kind, kinds, labelIn } from './records.ts';
import type { WholeAnswer } from './suite-of-two.ts';

type Value = Readonly<Record<string, unknown>>;

/** One root field of a query: what it asks, with what variables, and what it must answer. */
interface Asked {
  readonly variables: string;
  readonly selection: string;
  readonly pick: (random: SeededRandom, ids: Ids, lanes: readonly Lane[]) => Value;
  /** Fails for a value that is not the lane's own. */
  readonly check: (lane: Lane, value: unknown, sent: Value, codes: readonly unknown[]) => void;
}

/** Draws an id: one that tenants have under the same name, or one that the platform made for either of them. */
export type Ids = () => string;

/** A query of many root fields. The same document may be sent with any variables, by any tenant. */
export interface ReadDocument {
  readonly text: string;
  readonly asked: readonly { readonly alias: string; readonly of: Asked }[];
}

/** A query to send: what every root field was given. */
export interface Read {
  readonly document: ReadDocument;
  readonly sent: readonly Value[];
}

const labelOf = (kind: Kind, node: unknown) => labelIn((node as Value)[kind.label]);

/** The nodes of a page must be the lane's own, as they are; those that came with others have no id that is known here. */
function expectOwn(lane: Lane, kind: Kind, nodes: unknown): void {
  const own = recordsOf(lane, kind.name);
  for (const node of nodes as Value[]) {
    const label = own.get(String(node.id));
    if (label !== undefined) expect(labelOf(kind, node)).toBe(label);
    else if (!kind.comesWith) throw new Error(`${lane.id} has no ${kind.name} ${node.id}.`);
  }
}

function one(kind: Kind): Asked {
  return {
    variables: '$id: ID!',
    selection: `${kind.one}(id: $id) { id ${kind.label} }`,
    pick: (_, ids) => ({ id: ids() }),
    check(lane, value, { id }) {
      const label = recordsOf(lane, kind.name).get(String(id));
      expect(value && { id: (value as Value).id, label: labelOf(kind, value) }).toEqual(
        label === undefined ? null : { id, label },
      );
    },
  };
}

const page = (kind: Kind) => `{ totalCount nodes { id ${kind.label} } pageInfo { endCursor } }`;

/** Pages, often from a cursor: the tenant's own goes on, the other's is refused. */
function pages(kind: Kind): Asked {
  return {
    variables: '$first: Int!, $after: String',
    selection: `${kind.many}(first: $first, after: $after) ${page(kind)}`,
    pick: (random, _, lanes) => ({
      first: 1 + random.below(6),
      after: random.chance(0.7) ? (random.pick(lanes).cursors.get(kind.many) ?? null) : null,
    }),
    check(lane, value, { after }, codes) {
      if (after !== null && lane.cursors.get(`made ${after}`) === undefined) {
        expect([value, codes]).toEqual([null, ['CURSOR_INVALID']]);
        return;
      }
      const { totalCount, nodes, pageInfo } = value as { totalCount: number; nodes: unknown; pageInfo: Value };
      expect(totalCount).toBe(countOf(lane, kind));
      expectOwn(lane, kind, nodes);
      if (typeof pageInfo.endCursor !== 'string') return;
      expectNothingForeign(lane, Buffer.from(pageInfo.endCursor, 'base64url').toString());
      lane.cursors.set(kind.many, pageInfo.endCursor);
      lane.cursors.set(`made ${pageInfo.endCursor}`, kind.many);
    },
  };
}

function filtered(kind: Kind, filter: NonNullable<Kind['filter']>): Asked {
  return {
    variables: `$filter: ${filter.type}`,
    selection: `${kind.many}(first: 5, filter: $filter) ${page(kind)}`,
    pick: (_, ids) => {
      const id = ids();
      return { id, filter: filter.of(id) };
    },
    check(lane, value, { id }) {
      const { totalCount, nodes } = value as { totalCount: number; nodes: unknown };
      expect(totalCount).toBe(isFound(lane, kind.name, String(id)) ? 1 : 0);
      expectOwn(lane, kind, nodes);
    },
  };
}

/** Searches for a word that all records of one tenant have, and none of the other. */
function searched(kind: Kind): Asked {
  return {
    variables: '$search: String!',
    selection: `${kind.many}(first: 5, search: $search) ${page(kind)}`,
    pick: (random, _, lanes) => ({ search: random.pick(lanes).id }),
    check(lane, value, { search }) {
      const { totalCount, nodes } = value as { totalCount: number; nodes: unknown };
      expect(totalCount).toBe(search === lane.id ? countOf(lane, kind) : 0);
      expectOwn(lane, kind, nodes);
    },
  };
}

/** The whole customer: each app finds its part by what it was told of the customer by another. */
const customer: Asked = {
  variables: '$id: ID!',
  selection: `customer360(id: $id) { id profile { email } behavior { sessionCount engagementMetrics }
    documents { documentCount recentDocuments { id title } } crm { contact { email lastName } leads { id lastName } } }`,
  pick: (_, ids) => ({ id: ids() }),
  check(lane, value, { id }) {
    const has = (kind: string) => isFound(lane, kind, String(id));
    if (!has('user')) return expect(value).toBeNull();
    const email = emailOf(String(id));
    expect(value).toMatchObject({
      id,
      profile: { email },
      behavior: { engagementMetrics: { eventCount: has('event') ? 1 : 0 } },
      documents: { documentCount: has('document') ? 1 : 0 },
      crm: { contact: has('lead') ? { email } : null, leads: has('lead') ? [{ id }] : [] },
    });
  },
};

const customers: Asked = {
  variables: '$search: String!',
  selection: 'customers(first: 3, search: $search) { totalCount nodes { id profile { profileData } } }',
  pick: (_, ids) => {
    const id = ids();
    return { id, search: emailOf(id) };
  },
  check(lane, value, { id }) {
    const label = recordsOf(lane, 'user').get(String(id));
    const nodes = label === undefined ? [] : [{ id, profile: { profileData: { label } } }];
    expect(value).toEqual({ totalCount: nodes.length, nodes });
  },
};

/** What the tenant has done, as the security app keeps it: every mutation, and the making of the tenant itself. */
const audit: Asked = {
  variables: '$first: Int!',
  selection: `auditRecords(first: $first, filter: { kind: MUTATION }) {
    totalCount nodes { operationName sourceApp entity entityId } }`,
  pick: (random) => ({ first: 1 + random.below(10) }),
  check(lane, value) {
    const { totalCount, nodes } = value as { totalCount: number; nodes: Value[] };
    expect(totalCount).toBe(lane.mutations + 1);
    expect(nodes.filter(({ operationName }) => operationName !== `By_${lane.id}`)).toEqual(
      nodes.filter(({ sourceApp }) => sourceApp === 'command-line'),
    );
  },
};

/** The change log, often from a cursor: the tenant's own goes on, the other's is refused. */
const events: Asked = {
  variables: '$first: Int!, $after: Cursor',
  selection: 'events(first: $first, after: $after) { nodes { type sourceApp data } pageInfo { endCursor } }',
  pick: (random, _, lanes) => ({
    first: 1 + random.below(10),
    after: random.chance(0.7) ? (random.pick(lanes).cursors.get('events') ?? null) : null,
  }),
  check(lane, value, { after }, codes) {
    if (after !== null && lane.cursors.get(`made ${after}`) === undefined) {
      expect([value, codes]).toEqual([null, ['CURSOR_INVALID']]);
      return;
    }
    const { nodes, pageInfo } = value as { nodes: Value[]; pageInfo: Value };
    const ofTenant = nodes.filter(({ type, data }) => type === 'TENANT_CREATED' && (data as Value).id === lane.id);
    expect(nodes.filter(({ type }) => type === 'TENANT_CREATED')).toEqual(ofTenant);
    if (typeof pageInfo.endCursor !== 'string') return;
    lane.cursors.set('events', pageInfo.endCursor);
    lane.cursors.set(`made ${pageInfo.endCursor}`, 'events');
  },
};

/** What is counted or summed over all that a tenant has. */
const sums: readonly [string, (lane: Lane) => unknown][] = [
  ['storageUsage { documentCount }', (lane) => ({ documentCount: recordsOf(lane, 'document').size })],
  ['engagementSummary { low medium high }', (lane) => ({ low: recordsOf(lane, 'event').size, medium: 0, high: 0 })],
  ['tenant { id name }', ({ id }) => ({ id, name: `The firm ${id}` })],
  [
    'apiKeys(first: 5) { totalCount nodes { name } }',
    ({ id }) => ({ totalCount: 1, nodes: [{ name: `Key of ${id}` }] }),
  ],
  ['viewer { tenant { id } }', ({ id }) => ({ tenant: { id } })],
  ['roles(first: 5) { totalCount }', () => ({ totalCount: 4 })],
];

const summed = sums.map(
  ([selection, expected]): Asked => ({
    variables: '',
    selection,
    pick: () => ({}),
    check: (lane, value) => expect(value).toEqual(expected(lane)),
  }),
);

const everything: readonly Asked[] = [
  ...kinds.flatMap((kind) => [
    ...(kind.one ? [one(kind), one(kind)] : []),
    pages(kind),
    pages(kind),
    ...(kind.filter ? [filtered(kind, kind.filter)] : []),
    ...(kind.isSearchable ? [searched(kind)] : []),
  ]),
  customer,
  customer,
  customer,
  customers,
  audit,
  events,
  events,
  ...summed,
];

/** Deals queries of so many root fields out of everything that can be asked; each field has variables of its own. */
export function dealReadDocuments(random: SeededRandom, count: number, size: number): ReadDocument[] {
  return dealOut(random, everything, count, size).map((fields) => {
    const asked = fields.map((of, index) => ({ alias: `a${index}`, of }));
    const numbered = (text: string, index: number) => text.replace(/\$(\w+)/g, `$$$1${index}`);
    const variables = asked.map(({ of }, index) => numbered(of.variables, index));
    const selections = asked.map(({ alias, of }, index) => `${alias}: ${numbered(of.selection, index)}`);
    return { text: `query (${variables.filter(Boolean).join(', ')}) { ${selections.join('\n')} }`, asked };
  });
}

/** Draws the variables of a query. */
export function makeRead(random: SeededRandom, document: ReadDocument, ids: Ids, lanes: readonly Lane[]): Read {
  return { document, sent: document.asked.map(({ of }) => of.pick(random, ids, lanes)) };
}

/** Sends a query in the name of a tenant, and fails unless all of the answer is what this tenant must see. */
export async function sendRead(lane: Lane, { document, sent }: Read): Promise<void> {
  const variables: Record<string, unknown> = {};
  document.asked.forEach(({ of }, index) => {
    for (const [name] of of.variables.matchAll(/(?<=\$)\w+/g)) variables[`${name}${index}`] = sent[index]?.[name];
  });
  const answer = await lane.post(document.text, variables);
  checkRead(lane, { document, sent }, answer);
}

function checkRead(lane: Lane, { document, sent }: Read, answer: WholeAnswer): void {
  expectNothingForeign(lane, answer.text);
  const refusable = new Set(document.asked.filter((_, index) => sent[index]?.after).map(({ alias }) => alias));
  expectErrorsOnlyAt(answer, refusable);
  document.asked.forEach(({ alias, of }, index) => {
    const values = sent[index] ?? {};
    try {
      of.check(lane, answer.data?.[alias], values, codesAt(answer, alias));
    } catch (cause) {
      throw new Error(`${lane.id} asked ${of.selection} with ${JSON.stringify(values)}`, { cause });
    }
  });
}
