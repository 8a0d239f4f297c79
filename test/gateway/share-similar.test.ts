import { beforeEach, describe, expect, test } from '@jest/globals';
import { batchEntities } from '../../gateway/connections/batch-entities.ts';
import { shareReads } from '../../gateway/connections/share-reads.ts';
import type { Connection } from '../../kernel/subgraph/connection.ts';
import { representationsOf } from '../support/federation/canned.ts';
import { createTestEngine, type TestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { contextOf } from '../support/federation/sharing.ts';
import type { TestSubgraph } from '../support/federation/subgraph.ts';

let subgraphs: readonly TestSubgraph[];
let engine: TestEngine;
let connections: Readonly<Record<string, Connection>>;

beforeEach(() => {
  subgraphs = createMarketplace();
  engine = createTestEngine(subgraphs);
  connections = Object.fromEntries(subgraphs.map(({ name, execute }) => [name, shareReads(batchEntities(execute))]));
});

function requestsTo(name: string) {
  return subgraphs.find((subgraph) => subgraph.name === name)?.requests ?? [];
}

const source = 'query ($id: ID!) { user(id: $id) { name karma } }';
const ids = ['u1', 'u2', 'u3', 'u4'];
const wanted = Array.from({ length: 20 }, (_, number) => ids[number % ids.length] ?? '');

describe('concurrent queries', () => {
  test('that ask the same of different entities need one call for all entities', async () => {
    const answers = await Promise.all(
      wanted.map((id) => engine.run(source, { variables: { id }, connections, context: contextOf('acme') })),
    );
    const alone = await Promise.all(ids.map((id) => engine.run(source, { variables: { id } })));
    expect(answers).toEqual(wanted.map((id) => alone[ids.indexOf(id)]));
    const [shared] = requestsTo('reviews');
    expect(representationsOf(shared)).toHaveLength(ids.length);
    expect(requestsTo('reviews')).toHaveLength(1 + ids.length);
    expect(requestsTo('accounts')).toHaveLength(2 * ids.length);
  });

  test('of two tenants share nothing', async () => {
    const tenants = ['acme', 'globex'];
    await Promise.all(
      tenants.flatMap((tenant) =>
        wanted.map((id) => engine.run(source, { variables: { id }, connections, context: contextOf(tenant) })),
      ),
    );
    const asked = requestsTo('reviews').map(({ context }) => context.principal?.tenantId);
    expect(asked.sort()).toEqual(tenants);
  });
});

describe('one query', () => {
  test('asks nothing twice, though its plan does', async () => {
    const twice = '{ a: user(id: "u1") { karma } b: user(id: "u1") { karma } c: user(id: "u2") { karma } }';
    const { data } = await engine.run(twice, { connections });
    expect(data).toEqual({ a: { karma: 7 }, b: { karma: 7 }, c: { karma: 14 } });
    expect(requestsTo('reviews').map(representationsOf)).toEqual([
      [
        { __typename: 'User', id: 'u1' },
        { __typename: 'User', id: 'u2' },
      ],
    ]);
  });

  test('of a mutation asks again, because what it reads has been written since', async () => {
    const renames =
      'mutation { a: renameUser(input: {id: "u1", name: "x"}) { user { karma } } b: renameUser(input: {id: "u1", name: "y"}) { user { karma } } }';
    await engine.run(renames, { connections });
    expect(requestsTo('reviews')).toHaveLength(2);
  });
});
