import { describe, expect, test } from '@jest/globals';
import { createDataSubgraph, type SubgraphData } from './data-subgraph.ts';
import { createTestEngine, type TestEngine } from './engine.ts';
import type { TestSubgraph } from './subgraph.ts';

/** One idea of federation: some subgraphs, and operations on all of them together. */
export interface ConformanceCase {
  /** Ends the sentence that begins with the group's name. */
  readonly name: string;
  readonly subgraphs: Readonly<Record<string, SubgraphData>>;
  readonly runs: readonly ConformanceRun[];
}

/** One operation, the answer to it, and what the subgraphs are asked for it. */
export interface ConformanceRun {
  readonly operation: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** The labels of the progressive overrides that hold. */
  readonly overrides?: readonly string[];
  readonly data: unknown;
  /** The paths of the errors, as `users.0.name`; none by default. */
  readonly errors?: readonly string[];
  /**
   * Every request, in any order: the subgraph's name, and for entities how many, as `reviews 2`. No other request may be
   * made.
   */
  readonly fetches: readonly string[];
  /** The representations that each subgraph named here gets, in the order of its requests. */
  readonly representations?: Readonly<Record<string, readonly unknown[]>>;
  /** The operations that each subgraph named here gets, in order. */
  readonly documents?: Readonly<Record<string, readonly string[]>>;
}

/** Tests cases that have something in common. */
export function describeConformance(group: string, cases: readonly ConformanceCase[]): void {
  describe(group, () => {
    for (const { name, subgraphs: data, runs } of cases) {
      test(name, async () => {
        const subgraphs = Object.entries(data).map(([subgraph, definition]) =>
          createDataSubgraph(subgraph, definition),
        );
        const engine = createTestEngine(subgraphs);
        for (const run of runs) expect(await answerTo(engine, subgraphs, run)).toEqual(expectedOf(run));
      });
    }
  });
}

/** What is compared: all parts at once, so that a failure shows the fetches beside the answer. */
interface Observation {
  readonly data: unknown;
  readonly errors: readonly string[];
  readonly fetches: readonly string[];
  readonly representations: Readonly<Record<string, readonly unknown[]>>;
  readonly documents: Readonly<Record<string, readonly string[]>>;
}

function expectedOf({ data, errors = [], fetches, representations = {}, documents = {} }: ConformanceRun): Observation {
  return { data, errors: [...errors].sort(), fetches: [...fetches].sort(), representations, documents };
}

async function answerTo(
  engine: TestEngine,
  subgraphs: readonly TestSubgraph[],
  { operation, variables = {}, overrides = [], representations = {}, documents = {} }: ConformanceRun,
): Promise<Observation> {
  for (const { requests } of subgraphs) requests.length = 0;
  const { data, errors = [] } = await engine.run(operation, { variables, overrides });
  const requestsOf = (name: string) => subgraphs.find((subgraph) => subgraph.name === name)?.requests ?? [];
  const only = <T>(names: object, of: (name: string) => T) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, of(name)]));
  return {
    data: JSON.parse(JSON.stringify(data)),
    errors: errors.map(({ path, message }) => path?.join('.') ?? message).sort(),
    fetches: subgraphs
      .flatMap(({ name, requests }) => requests.map(({ variables: sent }) => fetchName(name, sent)))
      .sort(),
    representations: only(representations, (name) =>
      requestsOf(name).flatMap((request) => entitiesOf(request.variables)),
    ),
    documents: only(documents, (name) => requestsOf(name).map((request) => request.document)),
  };
}

function fetchName(subgraph: string, variables: Readonly<Record<string, unknown>>): string {
  return 'representations' in variables ? `${subgraph} ${entitiesOf(variables).length}` : subgraph;
}

function entitiesOf({ representations = [] }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return JSON.parse(JSON.stringify(representations));
}
