import { type DocumentNode, type GraphQLError, getOperationAST, getVariableValues, parse, validate } from 'graphql';
import { executeOperation, type SubgraphFailureObserver } from '../../../gateway/execute/execute-operation.ts';
import { type OperationPlan, planOperation } from '../../../gateway/plan/plan-operation.ts';
import { composeSupergraph } from '../../../gateway/supergraph/compose.ts';
import { loadSupergraph, type Supergraph } from '../../../gateway/supergraph/supergraph.ts';
import type { Connection } from '../../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../../kernel/tenancy/request-context.ts';
import type { TestSubgraph } from './subgraph.ts';

/** How one operation is run; everything has a default. */
export interface RunOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
  /** The labels of the progressive overrides that hold. */
  readonly overrides?: readonly string[];
  /** Connections that replace those to the test's subgraphs. */
  readonly connections?: Readonly<Record<string, Connection>>;
  readonly signal?: AbortSignal;
  /** Whose request it is; anonymous by default. */
  readonly context?: RequestContext;
  readonly onSubgraphFailure?: SubgraphFailureObserver;
  readonly keptExtensions?: readonly string[];
}

/** A response, its data as a client reads it. */
export interface OperationResult {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly GraphQLError[];
}

/** The engine over some subgraphs: composed, loaded, connected. */
export interface TestEngine {
  readonly supergraph: Supergraph;
  plan(document: DocumentNode, operationName?: string, overrides?: readonly string[]): OperationPlan;
  /** Runs a valid operation and fails the test for an invalid one. */
  run(source: string | DocumentNode, options?: RunOptions): Promise<OperationResult>;
}

export const anonymousContext: RequestContext = {
  correlationId: 'test-correlation',
  principal: undefined,
  signal: new AbortController().signal,
};

export function createTestEngine(subgraphs: readonly TestSubgraph[]): TestEngine {
  const definitions = subgraphs.map(({ name, sdl }) => ({ name, url: `http://${name}.invalid`, sdl }));
  const supergraph = loadSupergraph(composeSupergraph(definitions));
  const inProcess = subgraphs.map((subgraph) => [subgraph.name, subgraph.execute] as const);
  const plan: TestEngine['plan'] = (document, operationName, overrides) =>
    planOperation(supergraph, document, operationName, new Set(overrides));
  return {
    supergraph,
    plan,
    async run(
      source,
      { variables = {}, operationName, overrides, connections = {}, signal, context, ...observers } = {},
    ) {
      const document = typeof source === 'string' ? parse(source) : source;
      refuseAny(validate(supergraph.apiSchema, document));
      const definitionsOfVariables = getOperationAST(document, operationName)?.variableDefinitions ?? [];
      const { coerced = {}, errors } = getVariableValues(supergraph.apiSchema, definitionsOfVariables, variables);
      refuseAny(errors ?? []);
      const { data, ...rest } = await executeOperation({
        plan: plan(document, operationName, overrides),
        supergraph,
        variables: coerced,
        connections: new Map([...inProcess, ...Object.entries(connections)]),
        context: context ?? { ...anonymousContext, signal: signal ?? anonymousContext.signal },
        ...observers,
      });
      return { data: data.toJSON(), ...rest };
    },
  };
}

function refuseAny(errors: readonly GraphQLError[]): void {
  if (errors[0]) throw errors[0];
}
