import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, test } from '@jest/globals';
import { type DocumentNode, parse, validate } from 'graphql';
import { batchEntities } from '../../gateway/connections/batch-entities.ts';
import { shareReads } from '../../gateway/connections/share-reads.ts';
import { addChaos, createChaos, withChaos } from '../support/federation/chaos.ts';
import { createTestEngine, type OperationResult } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { type RandomOperation, randomOperation, type ValuePool } from '../support/federation/random-operation.ts';
import { seededRandom } from '../support/federation/seeded-random.ts';
import {
  comparableErrorsOf,
  comparableErrorsOfStock,
  leadsToNull,
  plansDiffer,
  sorted,
  withoutPositions,
} from '../support/federation/stock-differences.ts';
import { startStockGateway } from '../support/federation/stock-gateway.ts';

const seed = Number(process.env.ORACLE_SEED ?? 2026);
const operationCount = Number(process.env.ORACLE_COUNT ?? 2_000);
const maxFields = 30;

const pool: ValuePool = {
  ID: ['u1', 'u2', 'u5', 'b1', 'r3', 'r7', 'w1', 'w2', 'none'],
  String: ['book1', 'book3', 'gadget1', 'gadget3', 'isbn-2', 'isbn-4', 'none'],
  Int: [0, 1, 2, 3, 5],
};

const random = seededRandom(seed);
const chaos = createChaos();
const marketplace = createMarketplace();
for (const { schema } of marketplace) addChaos(schema, chaos);
const engine = createTestEngine(marketplace);
const { apiSchema } = engine.supergraph;
const connections = new Map(
  marketplace.map((subgraph) => [subgraph.name, withChaos(subgraph.name, subgraph.execute, chaos)]),
);
const sharedConnections = Object.fromEntries(
  Array.from(connections, ([name, connection]) => [name, shareReads(batchEntities(connection))]),
);
const stock = await startStockGateway(engine.supergraph.sdl, connections);

afterAll(() => stock.stop());

/** In how many answers with errors of subgraphs the list positions in their paths were compared, and equal. */
const positions = { compared: 0, equal: 0 };

interface ValidOperation extends RandomOperation {
  readonly document: DocumentNode;
}

function nextOperation(allGoesWell: boolean): ValidOperation {
  for (;;) {
    const operation = randomOperation(apiSchema, random, pool, maxFields);
    const document = parse(operation.source);
    const isComparable = allGoesWell || !plansDiffer(document);
    if (isComparable && validate(apiSchema, document).length === 0) return { ...operation, document };
  }
}

/** What differs between the two answers to an operation, in words. */
async function differences({ document, variables }: ValidOperation): Promise<readonly string[]> {
  const ours = await engine.run(document, { variables, connections: sharedConnections });
  const theirs = await stock.run(document, variables);
  const errors = comparableErrorsOf(ours);
  const stockErrors = comparableErrorsOfStock(theirs);
  const ourPaths = sorted(withoutPositions(errors.subgraph));
  const stockPaths = sorted(withoutPositions(stockErrors.subgraph));
  const subgraphErrorsAgree = isDeepStrictEqual(ourPaths, stockPaths);
  if (errors.subgraph.length > 0) {
    positions.compared += 1;
    if (isDeepStrictEqual(sorted(errors.subgraph), sorted(stockErrors.subgraph))) positions.equal += 1;
  }
  const completionErrorsAgree =
    stockErrors.completion === undefined ||
    isDeepStrictEqual(sorted(errors.completion ?? []), sorted(stockErrors.completion));
  return [
    // The stock planner regroups fragments, so the order of its fields is not the specification's.
    ...(isDeepStrictEqual(plain(ours.data), plain(theirs.data)) ? [] : ['data']),
    ...(subgraphErrorsAgree ? [] : ['paths of subgraph errors']),
    ...(completionErrorsAgree ? [] : ['paths of completion errors']),
    ...(errors.hasFailedFetch && !stockErrors.hasFailedFetch ? ['a fetch that failed in one only'] : []),
    ...misleadingErrors(ours),
  ];
}

function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data ?? null));
}

function misleadingErrors({ data, errors = [] }: OperationResult): readonly string[] {
  const misleading = errors.filter(({ path }) => path && !leadsToNull(data, path));
  return misleading.map(({ path }) => `an error at ${path?.join('.')}, which is not null`);
}

describe(`the engine beside the stock gateway (ORACLE_SEED=${seed})`, () => {
  test.each([
    ['all goes well', { throwing: 0, nulling: 0, dead: 0 }, 0.4],
    ['fields fail and are null where they may not be', { throwing: 3, nulling: 5, dead: 0 }, 0.4],
    ['a subgraph is down as well', { throwing: 1, nulling: 1, dead: 1 }, 0.2],
  ])(
    'answers random operations alike when %s',
    async (_, { throwing, nulling, dead }, share) => {
      for (let count = 0; count < operationCount * share; count += 1) {
        const operation = nextOperation(throwing + nulling + dead === 0);
        Object.assign(chaos, { seed: random.below(1_000_000), throwing, nulling });
        chaos.dead = new Set(dead > 0 ? [random.pick(marketplace).name] : []);
        const found = await differences(operation);
        const { source, variables } = operation;
        if (found.length > 0) expect({ seed, count, found, source, variables, chaos }).toBeUndefined();
      }
    },
    120_000,
  );

  test('puts errors at the same list positions, but for the few that the stock gateway misplaces', () => {
    expect(positions.equal / positions.compared).toBeGreaterThan(0.9);
  });
});
