import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { analytics } from '../../subgraphs/analytics/index.ts';
import { coordination } from '../../subgraphs/coordination/index.ts';
import { crm } from '../../subgraphs/crm/index.ts';
import { documents } from '../../subgraphs/documents/index.ts';
import { users } from '../../subgraphs/users/index.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { correlationIdOfTests } from '../support/call-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';

type Fields = Readonly<Record<string, unknown>>;
interface Told {
  readonly type: string;
  readonly app: string;
  readonly actor: string;
  readonly entityId: string;
  readonly causationId: string | null;
  readonly correlationId: string;
  readonly data: Fields;
}

let database: TestDatabase;
const running = new Map<string, TestApp>();
const soon = { times: { pollMs: 20, discoverMs: 50 } };

beforeAll(async () => {
  database = await createTestDatabase();
  for (const app of [users, coordination]) running.set(app.name, await startTestApp(app, database));
  for (const app of [analytics, documents, crm]) running.set(app.name, await startTestApp(app, database, [], soon));
});

afterAll(async () => {
  for (const app of running.values()) await app.stop();
  await database.drop();
});

/** Sends a mutation with one input, which must be accepted. */
async function send(app: string, mutation: string, input: Fields): Promise<void> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { field message } } }`;
  const answer = await running.get(app)?.execute(text, { input });
  expect(answer).toEqual({ data: { [mutation]: { userErrors: [] } } });
}

async function ask(app: string, query: string, variables: Fields = {}): Promise<Fields> {
  const { data, errors } = (await running.get(app)?.execute<Fields>(query, variables)) ?? {};
  expect(errors).toBeUndefined();
  return data ?? {};
}

/** The changes of some types, in order. */
async function told(types: readonly string[], about?: string): Promise<readonly Told[]> {
  const query = `query ($filter: EventFilter!) { events(first: 100, filter: $filter, orderBy: { direction: ASC }) {
    nodes { type app actor entityId causationId correlationId data cursor } } }`;
  const filter = { types, ...(about && { entityIds: [about] }) };
  const { events } = (await ask('coordination', query, { filter })) as { events: { nodes: readonly Told[] } };
  return events.nodes;
}

const customerOf = async (id: string) => {
  const query = `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Customer {
    behavior { behaviorScore engagementLevel } documentMetrics { processedCount wordCount } } } }`;
  return (await ask('analytics', query, { of: [{ __typename: 'Customer', id }] }))._entities;
};

test('a new user is tracked, has the folders that everybody has, and is who the contact with that address is', async () => {
  await send('crm', 'createContact', { id: 'con_1', firstName: 'Ada', lastName: 'Byron', email: 'Ada@example.com' });
  await send('users', 'createUser', { id: 'usr_1', username: 'ada', email: 'ada@example.com' });
  const reactions = ['BEHAVIOR_UPDATED', 'FOLDER_CREATED', 'CONTACT_UPDATED'];
  await eventually(async () => (await told(reactions)).length === 7);

  expect(await customerOf('usr_1')).toEqual([
    {
      behavior: { behaviorScore: 0, engagementLevel: 'LOW' },
      documentMetrics: { processedCount: 0, wordCount: 0 },
    },
  ]);
  const { folders } = await ask('documents', '{ folders(filter: { ownerId: "usr_1" }) { nodes { path template } } }');
  const paths = ['/Contracts', '/Correspondence', '/Invoices', '/Notes', '/Reports'];
  expect(folders).toEqual({ nodes: paths.map((path) => ({ path, template: 'standard' })) });
  const { contact } = await ask('crm', '{ contact(id: "con_1") { version customerId } }');
  expect(contact).toEqual({ version: 2, customerId: 'usr_1' });

  const [created] = await told(['USER_CREATED']);
  const causes = new Set((await told(reactions)).map(({ causationId }) => causationId));
  expect(causes.size).toBe(1);
  expect([...causes][0]).toMatch(/^[0-9a-f-]{36}:\d+$/);
  expect(created?.causationId).toBeNull();
  for (const { app, actor, correlationId } of await told(reactions)) {
    expect({ actor, correlationId }).toEqual({ actor: `app:${app}`, correlationId: correlationIdOfTests });
  }
  const [linked] = await told(['CONTACT_UPDATED']);
  expect(linked?.data).toMatchObject({ customerId: 'usr_1', personKeys: [expect.any(String)] });
});

test('a user whose onboarding was undone leaves neither tracking nor folders, whichever of the two came first', async () => {
  await send('users', 'createUser', { id: 'usr_4', username: 'grace', email: 'grace@example.com' });
  await send('users', 'discardUser', { id: 'usr_4' });
  const gone = async () => {
    const types = new Set((await told(['BEHAVIOR_DELETED', 'FOLDER_DELETED'])).map(({ type }) => type));
    return types.size === 2;
  };
  await eventually(gone);
  const { folders } = await ask('documents', '{ folders(filter: { ownerId: "usr_4" }) { nodes { path } } }');
  expect(folders).toEqual({ nodes: [] });
});

test('a processed document counts for its owner and its day, and a threshold is told of once for each crossing', async () => {
  const threshold = (metric: string, value: number) => send('analytics', 'setThreshold', { metric, value });
  await threshold('documentsProcessed', 1);
  await threshold('documents.words', 4);
  for (const id of ['doc_1', 'doc_2', 'doc_3']) {
    await send('documents', 'uploadDocument', { id, ownerId: 'usr_2', title: 'A letter', text: 'Dear Sir or Madam' });
    await send('documents', 'processDocument', { id });
  }
  const counted = async () => JSON.stringify(await customerOf('usr_2')).includes('"processedCount":3');
  await eventually(counted);
  expect(await customerOf('usr_2')).toMatchObject([{ documentMetrics: { processedCount: 3, wordCount: 12 } }]);
  const { metricSeries } = await ask('analytics', '{ metricSeries { name points { value } } }');
  expect(metricSeries).toEqual([
    { name: 'documents.processed', points: [{ value: 3 }] },
    { name: 'documents.words', points: [{ value: 12 }] },
  ]);
  const reached = await told(['ANALYTICS_THRESHOLD_REACHED']);
  expect(new Map(reached.map(({ data }) => [data.metric, data]))).toEqual(
    new Map([
      ['documents.words', expect.objectContaining({ value: 8, threshold: 4, customerId: null })],
      ['documentsProcessed', expect.objectContaining({ value: 2, threshold: 1, customerId: 'usr_2' })],
    ]),
  );
  expect(reached).toHaveLength(2);
  expect(new Set(reached.map(({ causationId }) => causationId)).size).toBe(1);
});

test('a score that crosses its threshold is told of with the event that moved it', async () => {
  await send('analytics', 'setThreshold', { metric: 'behaviorScore', value: 8 });
  const track = () => send('analytics', 'trackEvent', { customerId: 'usr_3', type: 'SESSION_STARTED' });
  for (const _ of [5, 9.75, 14.26]) await track();
  const reached = (await told(['ANALYTICS_THRESHOLD_REACHED'])).filter(({ data }) => data.customerId === 'usr_3');
  expect(reached).toMatchObject([
    { actor: 'key-of-the-test', data: { metric: 'behaviorScore', comparison: 'ABOVE', threshold: 8, value: 9.75 } },
  ]);
});
