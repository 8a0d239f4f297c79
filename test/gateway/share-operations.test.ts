import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { executeOperation } from '../../gateway/execute/execute-operation.ts';
import { type Execute, shareOperations } from '../../gateway/execute/share-operations.ts';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { refusing } from '../support/federation/canned.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { contextOf, type HeldConnection, holdAnswers } from '../support/federation/sharing.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const notes = createTestSubgraph(
  'notes',
  'type Query { note(id: ID): String!  other: String } type Mutation { write: String }',
  {
    Query: {
      note: (_source: unknown, { id }: { id?: string }, context: unknown) =>
        `note ${id ?? ''} of ${(context as RequestContext).principal?.tenantId}`,
    },
    Mutation: { write: () => 'written' },
  },
);

const engine = createTestEngine([notes]);
const plans = {
  note: engine.plan(parse('query ($id: ID) { note(id: $id) }')),
  other: engine.plan(parse('query ($id: ID) { note(id: $id) other }')),
  write: engine.plan(parse('mutation { write }')),
};

let held: HeldConnection;
let execute: Execute;

beforeEach(() => {
  held = holdAnswers(notes.execute);
  execute = shareOperations(executeOperation);
});

interface Asked {
  readonly plan?: keyof typeof plans;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly connection?: Connection;
}

function run(context: RequestContext, { plan = 'note', variables = {}, connection }: Asked = {}) {
  return execute({
    plan: plans[plan],
    supergraph: engine.supergraph,
    variables,
    connections: new Map([['notes', connection ?? held.connection]]),
    context,
  });
}

describe('equal queries', () => {
  test('of one scope are executed once while they are under way, and have one text', async () => {
    const answers = Promise.all([1, 2, 3].map(() => run(contextOf('acme'))));
    held.release();
    const [first, ...others] = await answers;
    expect(first?.data.toJSON()).toEqual({ note: 'note  of acme' });
    for (const other of others) expect(other.data).toBe(first?.data);
    expect(held.requests).toHaveLength(1);
    await run(contextOf('acme'));
    expect(held.requests).toHaveLength(2);
  });

  test('of two tenants, users or sets of permissions are executed apart', async () => {
    const contexts = [
      contextOf('acme'),
      contextOf('globex'),
      contextOf('acme', { userId: 'u2' }),
      contextOf('acme', { permissions: ['*'] }),
      contextOf('acme', { forwardedHeaders: { 'accept-language': 'da' } }),
    ];
    const answers = Promise.all(contexts.map((context) => run(context)));
    held.release();
    expect((await answers).map(({ data }) => data.toJSON()?.note)).toEqual(
      contexts.map(({ principal }) => `note  of ${principal?.tenantId}`),
    );
    expect(held.requests).toHaveLength(contexts.length);
  });

  test('with other variables or of other documents are executed apart', async () => {
    const asked: readonly Asked[] = [{}, { variables: { id: '1' } }, { variables: { id: '2' } }, { plan: 'other' }];
    const answers = Promise.all(asked.map((one) => run(contextOf('acme'), one)));
    held.release();
    await answers;
    expect(held.requests).toHaveLength(asked.length);
  });
});

test('mutations are never shared, and a query after one does not join a query from before it', async () => {
  const before = run(contextOf('acme'));
  const mutations = [1, 2].map(() => run(contextOf('acme'), { plan: 'write', connection: notes.execute }));
  const written = await Promise.all(mutations);
  expect(written.map(({ data }) => data.toJSON())).toEqual([{ write: 'written' }, { write: 'written' }]);
  expect(written[0]?.data).not.toBe(written[1]?.data);
  const after = run(contextOf('acme'));
  held.release();
  await Promise.all([before, after]);
  expect(held.requests).toHaveLength(2);
});

describe('a shared execution', () => {
  test('goes on when the client that began it goes away', async () => {
    const client = new AbortController();
    const gone = run(contextOf('acme', { signal: client.signal }));
    const stays = run(contextOf('acme'));
    client.abort(new Error('gone'));
    const { errors } = await gone;
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['DEADLINE_EXCEEDED']);
    held.release();
    expect(await stays).toMatchObject({ data: { text: '{"note":"note  of acme"}' } });
    expect(held.requests).toHaveLength(1);
  });

  test('ends when all have gone, and is not joined any more', async () => {
    const client = new AbortController();
    const gone = run(contextOf('acme', { signal: client.signal }));
    client.abort(new Error('gone'));
    await gone;
    expect(held.requests[0]?.context.signal.aborted).toBe(true);
    const later = run(contextOf('acme'));
    held.release();
    expect((await later).errors).toBeUndefined();
  });

  test('gives each request errors with its own correlation id', async () => {
    const contexts = [contextOf('acme'), contextOf('acme')];
    const connection: Connection = async () => ({ data: { note: null } });
    const answers = await Promise.all(contexts.map((context) => run(context, { connection })));
    expect(answers.map(({ errors }) => errors?.map(({ extensions }) => extensions.correlationId))).toEqual(
      contexts.map(({ correlationId }) => [correlationId]),
    );
    const failed = await Promise.all(contexts.map((context) => run(context, { connection: refusing('down') })));
    for (const { errors } of failed)
      expect(errors?.[0]?.extensions).toEqual({ app: 'notes', code: 'SUBGRAPH_UNAVAILABLE' });
  });
});
