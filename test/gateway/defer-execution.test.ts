import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { execute, OperationTypeNode, parse, print, validate } from 'graphql';
import { WrittenData } from '../../gateway/execute/written-data.ts';
import { writeParts } from '../../gateway/server/incremental-answer.ts';
import { silent } from '../support/federation/canned.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createMarketplace } from '../support/federation/marketplace.ts';
import { deferAtRandom } from '../support/federation/random-defer.ts';
import { randomOperation } from '../support/federation/random-operation.ts';
import { objectsPerType, randomWorld } from '../support/federation/random-world.ts';
import { putTogether } from '../support/federation/read-parts.ts';
import { pieceOf, piecesOf, runInParts } from '../support/federation/run-in-parts.ts';
import { type SeededRandom, seededRandom } from '../support/federation/seeded-random.ts';
import { subgraphsOf, wholeGraphValue } from '../support/federation/world-subgraphs.ts';

const seed = Number(process.env.DIFFERENTIAL_SEED ?? 2026);
const caseCount = 60;
const casesPerWorld = 12;

describe('what is deferred', () => {
  const subgraphs = createMarketplace();
  const engine = createTestEngine(subgraphs);
  const connections = new Map(subgraphs.map(({ name, execute }) => [name, execute]));
  const query = '{ me { name ... @defer { karma } } }';

  test('is answered by the deadline, though a subgraph does not answer', async () => {
    const deadline = new AbortController();
    const slow = new Map(connections).set('reviews', silent);
    const { data, later } = await runInParts(engine, query, { connections: slow, signal: deadline.signal });
    expect(data.text).toBe('{"me":{"name":"User 1"}}');
    const next = later?.next();
    deadline.abort(new DOMException('too late', 'TimeoutError'));
    const { value } = (await next) ?? {};
    expect(value && pieceOf(value)).toMatchObject({
      incremental: [
        { path: ['me'], data: null, errors: [{ path: ['me', 'karma'], extensions: { code: 'DEADLINE_EXCEEDED' } }] },
      ],
      hasNext: false,
    });
  });

  test('is fetched no further when the reader leaves', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    const slow = new Map(connections).set('reviews', ({ context }) => {
      asked.resolve(context.signal);
      return silent(undefined as never);
    });
    const { later } = await runInParts(engine, `{ me { name ... @defer { karma } ... @defer { nickname } } }`, {
      connections: slow,
    });
    const signal = await asked.promise;
    await later?.next();
    await later?.return();
    expect(signal.aborted).toBe(true);
  });

  test('ends with an error at the root when it fails unforeseen', async () => {
    async function* later() {
      if (subgraphs.length > 0) throw new Error('a fault of ours');
      yield { parts: [], hasNext: false };
    }
    const pieces: string[] = [];
    const present = (error: unknown) => error as never;
    const format = (errors: readonly Error[]) => errors.map(({ message }) => ({ message }));
    for await (const piece of writeParts({ data: new WrittenData('{}'), later: later() }, { format, present })) {
      pieces.push(piece);
    }
    expect(pieces).toHaveLength(2);
    expect(pieces[1]).toContain(
      '{"incremental":[{"path":[],"data":null,"errors":[{"message":"a fault of ours"}]}],"hasNext":false}',
    );
    expect(pieces[1]?.endsWith('\r\n-----\r\n')).toBe(true);
  });
});

/** A random world, served, and what makes operations on it that defer here and there. */
function serve(random: SeededRandom) {
  const worldSeed = random.below(1_000_000_000);
  const world = randomWorld(worldSeed, seededRandom(worldSeed));
  const subgraphs = subgraphsOf(world);
  const engine = createTestEngine(subgraphs);
  const { apiSchema } = engine.supergraph;
  const ids = world.types.flatMap(({ name }) =>
    Array.from({ length: objectsPerType }, (_, index) => `${name}-${index + 1}`),
  );
  const pool = { ID: ids, String: ['x'], Int: [1, 2], aliases: ['a', 'b', 'id', 'code', 'row'] };
  const connections = new Map(subgraphs.map((subgraph) => [subgraph.name, subgraph.execute]));

  function nextOperation() {
    for (;;) {
      const { source, variables } = randomOperation(apiSchema, random, pool, 40);
      const document = deferAtRandom(parse(source), random, 0.15);
      const isQuery = document.definitions.every(
        (one) => !('operation' in one) || one.operation === OperationTypeNode.QUERY,
      );
      if (isQuery && validate(apiSchema, document).length === 0) return { document, variables };
    }
  }

  const truth = ({ document, variables }: ReturnType<typeof nextOperation>) =>
    execute({
      schema: apiSchema,
      document,
      variableValues: variables,
      fieldResolver: (source, { by }, _, { parentType, fieldName }) =>
        wholeGraphValue(world, parentType.name, source, fieldName, by),
    });
  return { worldSeed, engine, connections, nextOperation, truth };
}

describe(`an answer in parts beside the truth (DIFFERENTIAL_SEED=${seed})`, () => {
  test(`comes to the same for ${caseCount} random operations that defer at random places`, async () => {
    const random = seededRandom(seed);
    let partCount = 0;
    for (let count = 0; count < caseCount; count += casesPerWorld) {
      const { worldSeed, engine, connections, nextOperation, truth } = serve(random);
      for (let index = 0; index < casesPerWorld; index += 1) {
        const operation = nextOperation();
        const { data, errors } = await truth(operation);
        // Where a null rises depends on what is deferred.
        if (errors) continue;
        const { variables } = operation;
        const source = print(operation.document);
        const pieces = await piecesOf(await runInParts(engine, source, { variables, connections }));
        partCount += pieces.length - 1;
        const answer = putTogether(pieces);
        const expected: unknown = JSON.parse(JSON.stringify(data));
        if (isDeepStrictEqual(answer, expected)) continue;
        expect({ worldSeed, source, variables, answer }).toEqual({ worldSeed, source, variables, answer: expected });
      }
    }
    expect(partCount).toBeGreaterThan(caseCount / 4);
  }, 300_000);
});
