import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { type DocumentNode, execute, parse, validate } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { refusingInvalid } from '../support/federation/data-subgraph.ts';
import { createTestEngine, type TestEngine } from '../support/federation/engine.ts';
import { type RandomOperation, randomOperation, type ValuePool } from '../support/federation/random-operation.ts';
import { objectsPerType, randomWorld, type World } from '../support/federation/random-world.ts';
import { type SeededRandom, seededRandom } from '../support/federation/seeded-random.ts';
import { type StockGateway, startStockGateway } from '../support/federation/stock-gateway.ts';
import type { TestSubgraph } from '../support/federation/subgraph.ts';
import { subgraphsOf, wholeGraphValue } from '../support/federation/world-subgraphs.ts';
import { createWorldState, type WorldState } from '../support/federation/world-values.ts';

const seed = Number(process.env.DIFFERENTIAL_SEED ?? 2026);
const caseCount = Number(process.env.DIFFERENTIAL_COUNT ?? 500);
const casesPerWorld = 20;
const maxFields = 60;
/** In worlds that have all there is; the planner's time grows steeply with both. */
const maxWideFields = 20;

/** One world served by both gateways. */
interface Served {
  readonly world: World;
  readonly subgraphs: readonly TestSubgraph[];
  readonly engine: TestEngine;
  readonly stock: StockGateway | undefined;
  readonly state: WorldState;
}

async function serve(world: World): Promise<Served> {
  const state = createWorldState();
  const subgraphs = subgraphsOf(world, state);
  const engine = createTestEngine(subgraphs.map(refusingInvalid));
  const connections = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph.execute]));
  const stock = canStockServe(world) ? await startStockGateway(engine.supergraph.sdl, connections) : undefined;
  return { world, subgraphs, engine, stock, state };
}

/** It refuses contexts, and never ends where a field of an interface object requires something. */
function canStockServe({ types, entityInterface }: World): boolean {
  const strangers = entityInterface?.strangers ?? [];
  return types.every(({ fields }) =>
    fields.every(
      ({ context, requires, owners }) =>
        context === undefined && (requires === undefined || !owners.some((owner) => strangers.includes(owner))),
    ),
  );
}

function poolOf({ types }: World): ValuePool {
  const ids = types.flatMap(({ name }) => Array.from({ length: objectsPerType }, (_, index) => `${name}-${index + 1}`));
  // Names of keys too: as aliases they must not be taken for the keys.
  return { ID: ids, String: ['x'], Int: [1, 2], aliases: ['a', 'b', 'id', 'code', 'row', 'tone'] };
}

interface ValidOperation extends RandomOperation {
  readonly document: DocumentNode;
}

function nextOperation({ world, engine }: Served, random: SeededRandom, most: number): ValidOperation {
  const { apiSchema } = engine.supergraph;
  for (;;) {
    const operation = randomOperation(apiSchema, random, poolOf(world), most);
    const document = parse(operation.source);
    if (validate(apiSchema, document).length === 0) return { ...operation, document };
  }
}

/** The answer that the whole graph gives, as one schema over the same values. */
async function trueAnswer(
  { world, engine }: Served,
  document: DocumentNode,
  variableValues: Readonly<Record<string, unknown>>,
) {
  const state = createWorldState();
  return execute({
    schema: engine.supergraph.apiSchema,
    document,
    variableValues,
    fieldResolver: (source, { by }, _, { parentType, fieldName }) =>
      wholeGraphValue(world, parentType.name, source, fieldName, by, state),
  });
}

/** How many requests the subgraphs got for something. */
async function counting<T>(
  { subgraphs, state }: Served,
  labels: readonly string[],
  ask: () => Promise<T>,
): Promise<readonly [T, number]> {
  for (const { requests } of subgraphs) requests.length = 0;
  Object.assign(state, { mutationCount: 0, labels });
  const answer = await ask();
  return [answer, subgraphs.reduce((count, { requests }) => count + requests.length, 0)];
}

/** An answer as a client reads it; the stock gateway adds extensions. */
function plain({ data, errors }: { readonly data?: unknown; readonly errors?: unknown }): unknown {
  return JSON.parse(JSON.stringify({ data, errors }));
}

/** What one operation shows. */
interface Comparison {
  /** The planner would have to weigh more ways than it may; see `maxPaths`. */
  readonly isTooLarge: boolean;
  /** Our answer beside the true one, where they differ. */
  readonly found: Readonly<Record<string, unknown>> | undefined;
  readonly isStockWrong: boolean;
  readonly fetches: number;
  readonly stockFetches: number;
}

async function compare(
  served: Served,
  { document, variables }: ValidOperation,
  overrides: readonly string[],
): Promise<Comparison> {
  const { engine, stock } = served;
  const failed = (error: unknown) => ({ errors: [String(error)] });
  const truth = plain(await trueAnswer(served, document, variables));
  let isTooLarge = false;
  const [ours, fetches] = await counting(served, overrides, () =>
    engine.run(document, { variables, overrides }).catch((error: unknown) => {
      isTooLarge = error instanceof PanoramaError && error.code === 'OPERATION_LIMIT_EXCEEDED';
      return failed(error);
    }),
  );
  // The stock gateway has no bound: it would take all memory there is.
  if (isTooLarge) return { isTooLarge, found: undefined, isStockWrong: false, fetches, stockFetches: fetches };
  const found = isDeepStrictEqual(plain(ours), truth) ? undefined : { ours: plain(ours), truth };
  if (!stock) return { isTooLarge, found, isStockWrong: false, fetches, stockFetches: fetches };
  const [theirs, stockFetches] = await counting(served, [], () => stock.run(document, variables).catch(failed));
  return { isTooLarge, found, isStockWrong: !isDeepStrictEqual(plain(theirs), truth), fetches, stockFetches };
}

describe(`the gateway beside the truth and the stock gateway (DIFFERENTIAL_SEED=${seed})`, () => {
  test(`answers ${caseCount} random operations on random supergraphs, with no more fetches than the stock gateway`, async () => {
    const random = seededRandom(seed);
    const sum = { tooLarge: 0, stockFaults: 0, fetches: 0, stockFetches: 0 };
    for (let count = 0; count < caseCount; count += casesPerWorld) {
      const worldSeed = random.below(1_000_000_000);
      const isWide = (count / casesPerWorld) % 2 === 1;
      const served = await serve(randomWorld(worldSeed, seededRandom(worldSeed), isWide));
      for (let index = 0; index < Math.min(casesPerWorld, caseCount - count); index += 1) {
        const operation = nextOperation(served, random, isWide ? maxWideFields : maxFields);
        const overrides = [...served.engine.supergraph.overrideLabels].filter(() => random.chance(0.5));
        const { isTooLarge, found, isStockWrong, fetches, stockFetches } = await compare(served, operation, overrides);
        const { source, variables } = operation;
        if (found) expect({ seed, worldSeed, source, variables, overrides, ...found }).toBeUndefined();
        if (isTooLarge) sum.tooLarge += 1;
        if (isStockWrong) {
          sum.stockFaults += 1;
          continue;
        }
        sum.fetches += fetches;
        sum.stockFetches += stockFetches;
      }
      await served.stock?.stop();
    }
    expect(sum.tooLarge / caseCount).toBeLessThan(0.05);
    // Its known faults, each with a case of its own in test/conformance; many more would mean that the truth is wrong.
    expect(sum.stockFaults / caseCount).toBeLessThan(0.2);
    // One more here and there: where the stock plan is wrong, and its answer right by chance.
    expect(sum.fetches).toBeLessThanOrEqual(1.01 * sum.stockFetches);
  }, 900_000);
});
