import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, execute, GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { AppRules, RuleContext } from '../permissions/app-rules.ts';
import { guardSchema } from '../permissions/guard-schema.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type CallVerifier, refuseCall, type VerifiedCall } from '../tenancy/subgraph-token.ts';
import type { SubgraphCall, SubgraphExecutor, SubgraphResponse, SubscribingExecutor } from './connection.ts';
import { maskError } from './mask-error.ts';
import { sharedResolversFor } from './shared-resolvers.ts';
import { streamOperation } from './stream-operation.ts';

/** What makes a subgraph: its schema, its resolvers, and the context value that they get for one request. */
export interface SubgraphParts<Context extends RuleContext> {
  readonly name: string;
  /** The whole subgraph schema as SDL, `shared.graphql` included. */
  readonly sdl: string;
  readonly resolvers: object;
  /** What the app decides beside what its schema says that principals need. */
  readonly rules?: AppRules | undefined;
  readonly createContext: (call: VerifiedCall) => Context;
  /** Checks the token of every call. */
  readonly verifyCall: CallVerifier;
  /** Changes the schema so that its mutations are recorded. */
  readonly recordMutations?: (schema: GraphQLSchema) => void;
  readonly logger: Logger;
}

type Prepared = { readonly document: DocumentNode } | { readonly errors: readonly GraphQLError[] };

type GraphQLSchemaModule = Exclude<Parameters<typeof buildSubgraphSchema>[0], DocumentNode | readonly unknown[]>;

/** The gateway sends the same few hundred operations for years; more than this means documents built per request. */
const preparedDocuments = 2_000;

function prepareDocument(schema: GraphQLSchema, text: string): Prepared {
  try {
    const document = parse(text, { noLocation: true });
    const errors = validate(schema, document);
    return errors.length > 0 ? { errors } : { document };
  } catch (error) {
    if (error instanceof GraphQLError) return { errors: [error] };
    throw error;
  }
}

function buildSchema<Context extends RuleContext>(parts: SubgraphParts<Context>): GraphQLSchema {
  const { sdl, resolvers, rules, recordMutations } = parts;
  const typeDefs = parse(sdl);
  const schema = buildSubgraphSchema({
    typeDefs,
    resolvers: { ...resolvers, ...sharedResolversFor(typeDefs) } as NonNullable<GraphQLSchemaModule['resolvers']>,
  });
  const guarded = guardSchema(schema, typeDefs, rules);
  recordMutations?.(guarded);
  return guarded;
}

/** Traces executions on a schema of their own, made for the first of them: the others pay nothing for it. */
function createTracer(build: () => GraphQLSchema) {
  let traceable: GraphQLSchema | undefined;
  return async function begin() {
    const { makeTraceable, startTrace } = await import('./trace.ts');
    traceable ??= makeTraceable(build());
    return { schema: traceable, running: startTrace() };
  };
}

/** A subgraph in this process. */
export interface ExecutableSubgraph {
  readonly execute: SubgraphExecutor;
  readonly subscribe: SubscribingExecutor;
}

/**
 * Makes a subgraph that answers operations in this process. It refuses every call without a valid token, also one that
 * only asks for the schema.
 */
export function createExecutableSubgraph<Context extends RuleContext>(
  parts: SubgraphParts<Context>,
): ExecutableSubgraph {
  const schema = buildSchema(parts);
  const beginTrace = createTracer(() => buildSchema(parts));
  const prepared = new LRUCache<string, Prepared>({ max: preparedDocuments });

  /** What a call comes to: who it is for and what it asks, or the answer that refuses it. */
  function admit({ token, document }: SubgraphCall) {
    const call = parts.verifyCall(token);
    if (!call) return { errors: [refuseCall(parts.name).toJSON()] };
    const place = { app: parts.name, correlationId: call.correlationId, logger: parts.logger };
    const mask = (error: GraphQLError) => maskError(error, place);
    const entry = prepared.get(document) ?? prepareDocument(schema, document);
    prepared.set(document, entry);
    return 'errors' in entry ? { errors: entry.errors.map(mask) } : { call, mask, document: entry.document };
  }

  return {
    async execute(operation): Promise<SubgraphResponse> {
      const admitted = admit(operation);
      if ('errors' in admitted) return admitted;
      const { call, mask, document } = admitted;
      const trace = operation.trace ? await beginTrace() : undefined;
      const { data, errors } = await execute({
        schema: trace?.schema ?? schema,
        rootValue: trace?.running.rootValue,
        document,
        operationName: operation.operationName ?? null,
        variableValues: operation.variables,
        contextValue: parts.createContext(call),
      });
      return {
        data: data ?? null,
        ...(errors && { errors: errors.map(mask) }),
        ...(trace && { extensions: { ftv1: trace.running.finish(errors ?? []) } }),
      };
    },
    async subscribe(operation) {
      const admitted = admit(operation);
      if ('errors' in admitted) return admitted;
      const { call, mask, document } = admitted;
      const { operationName = null, variables: variableValues, signal } = operation;
      return await streamOperation(
        { schema, document, operationName, variableValues },
        { createContext: () => parts.createContext(call), mask, signal },
      );
    },
  };
}
