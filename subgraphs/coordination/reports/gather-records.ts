import type { TimeRange } from '../../../kernel/data/time-range.ts';
import { deriveInsights } from '../insights.ts';
import type { Cell, Row } from './render-report.ts';
import type { Ask } from './report-kinds.ts';

type Node = Readonly<Record<string, Cell>>;

interface Page<One> {
  readonly list: {
    readonly nodes: readonly One[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

/** Which list of which app to read. */
interface ListOf {
  readonly app: string;
  /** The field of `Query`. */
  readonly field: string;
  /** The name of its filter type. */
  readonly filter: string;
  readonly selection: string;
}

/** The records of a list that were created in a range, the oldest first, in pages of a hundred. */
async function* readList<One>(
  ask: Ask,
  { app, field, filter, selection }: ListOf,
  { from, to }: TimeRange,
): AsyncGenerator<readonly One[]> {
  const document = `query ($after: String, $filter: ${filter}) {
    list: ${field}(first: 100, after: $after, filter: $filter, orderBy: { field: CREATED_AT, direction: ASC }) {
      nodes { ${selection} } pageInfo { hasNextPage endCursor }
    }
  }`;
  const range = { createdFrom: from.toISOString(), createdTo: to.toISOString() };
  for (let after: string | null = null; ; ) {
    const { list }: Page<One> = await ask<Page<One>>(app, document, { after, filter: range });
    yield list.nodes;
    if (!list.pageInfo.hasNextPage) return;
    after = list.pageInfo.endCursor;
  }
}

const cellsOf = (node: Node, columns: readonly string[]): Row => columns.map((name) => node[name] ?? null);

export const leadColumns = ['id', 'firstName', 'lastName', 'email', 'company', 'source', 'status', 'createdAt'];

export async function* gatherLeads(ask: Ask, range: TimeRange): AsyncGenerator<readonly Row[]> {
  const list = { app: 'crm', field: 'leads', filter: 'LeadFilter', selection: leadColumns.join(' ') };
  for await (const nodes of readList<Node>(ask, list, range)) yield nodes.map((node) => cellsOf(node, leadColumns));
}

export const dealColumns = ['id', 'title', 'stage', 'amount', 'currency', 'expectedCloseOn', 'createdAt', 'closedAt'];

export async function* gatherDeals(ask: Ask, range: TimeRange): AsyncGenerator<readonly Row[]> {
  const list = { app: 'crm', field: 'deals', filter: 'DealFilter', selection: dealColumns.join(' ') };
  for await (const nodes of readList<Node>(ask, list, range)) yield nodes.map((node) => cellsOf(node, dealColumns));
}

const profileColumns = ['username', 'email', 'createdAt', 'lastLogin'];
const behaviorColumns = ['engagementLevel', 'behaviorScore', 'sessionCount', 'lastActivity'];
const documentColumns = ['documentCount', 'storageUsage'];
export const customerColumns = ['id', ...profileColumns, ...behaviorColumns, ...documentColumns, 'healthScore'];

interface Customer {
  readonly id: string;
  readonly profile: Node;
}

/** What an app knows of customers, in their order. */
async function askForParts(ask: Ask, app: string, part: string, fields: readonly string[], ids: readonly string[]) {
  const { customers } = await ask<{ readonly customers: readonly { readonly part: Node }[] }>(
    app,
    `query ($customers: [_Any!]!) {
      customers: _entities(representations: $customers) { ... on Customer { part: ${part} { ${fields.join(' ')} } } }
    }`,
    { customers: ids.map((id) => ({ __typename: 'Customer', id })) },
  );
  return customers.map((customer) => customer.part);
}

/** Customers with what several apps know of each. */
export async function* gatherCustomers(ask: Ask, range: TimeRange): AsyncGenerator<readonly Row[]> {
  const selection = `id profile { ${profileColumns.join(' ')} }`;
  const list = { app: 'users', field: 'customers', filter: 'UserFilter', selection };
  for await (const customers of readList<Customer>(ask, list, range)) {
    const ids = customers.map(({ id }) => id);
    if (ids.length === 0) continue;
    const behaviors = await askForParts(ask, 'analytics', 'behavior', behaviorColumns, ids);
    const documents = await askForParts(ask, 'documents', 'documents', documentColumns, ids);
    yield customers.map(({ id, profile }, index) => {
      const behavior = behaviors[index] ?? {};
      const ofDocuments = documents[index] ?? {};
      const { healthScore } = deriveInsights({
        profile,
        behavior: { behaviorScore: Number(behavior.behaviorScore) },
        documents: { documentCount: Number(ofDocuments.documentCount) },
      });
      return cellsOf({ id, ...profile, ...behavior, ...ofDocuments, healthScore }, customerColumns);
    });
  }
}
