import { SharedWork } from '../../kernel/resilience/shared-work.ts';
import type { Connection, SubgraphRequest, SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { type ScopedKey, scopedKey, scopeOf } from '../../kernel/tenancy/scope.ts';
import { withOwnCorrelation } from './own-correlation.ts';

/** One entity fetch that waits for the end of the tick. */
interface Member {
  readonly request: SubgraphRequest;
  readonly representations: readonly unknown[];
  readonly settle: (response: Promise<SubgraphResponse>) => void;
}

/**
 * Sends the entity fetches of one tick as one, where they ask the same of their entities, in one scope: each entity is
 * asked for once, and every fetch gets its own entities and the errors about them. Mutations' fetches go alone.
 */
export function batchEntities(connection: Connection): Connection {
  let waiting = new Map<ScopedKey, Member[]>();

  function sendAll(): void {
    const batches = waiting;
    waiting = new Map();
    for (const members of batches.values()) {
      const [first, ...others] = members;
      if (first && others.length === 0) first.settle(connection(first.request));
      else sendTogether(connection, members);
    }
  }

  return (request) => {
    const representations = request.isShareable ? request.variables.representations : undefined;
    if (!Array.isArray(representations)) return connection(request);
    const { promise, resolve } = Promise.withResolvers<SubgraphResponse>();
    const member: Member = { request, representations, settle: resolve };
    const key = scopedKey(scopeOf(request.context), `${request.document}\n${otherVariablesText(request)}`);
    const members = waiting.get(key);
    if (members) members.push(member);
    else waiting.set(key, [member]);
    if (!members && waiting.size === 1) setImmediate(sendAll);
    return promise;
  };
}

function otherVariablesText({ variables }: SubgraphRequest): string {
  const { representations: _, ...others } = variables;
  return Object.keys(others).length === 0 ? '' : JSON.stringify(others);
}

function sendTogether(connection: Connection, members: readonly Member[]): void {
  const [first] = members;
  if (!first) return;
  const indexes = new Map<string, number>();
  const union: unknown[] = [];
  const indexesOf = members.map(({ representations }) =>
    representations.map((representation) => {
      const key = JSON.stringify(representation);
      const index = indexes.get(key) ?? union.push(representation) - 1;
      indexes.set(key, index);
      return index;
    }),
  );
  const { context } = first.request;
  const variables = { ...first.request.variables, representations: union };
  const { variablesText: _, ...request } = first.request;
  const work = new SharedWork((signal) => connection({ ...request, variables, context: { ...context, signal } }));
  for (const [number, { request, settle }] of members.entries()) {
    const own = work
      .join(request.context.signal)
      .then((response) => partOf(response, indexesOf[number] ?? [], union.length))
      .then((response) => withOwnCorrelation(response, context, request.context));
    settle(own);
  }
}

/** Of the answer to a batch, what is about some of its entities. Errors that are about none of them are everyone's. */
function partOf(response: SubgraphResponse, indexes: readonly number[], count: number): SubgraphResponse {
  // What is no GraphQL response is none for anyone.
  if (typeof response !== 'object' || response === null) return response;
  const entities: unknown = response.data?._entities;
  const errors: unknown = response.errors;
  if (Array.isArray(entities) && entities.length !== count) {
    throw new Error(`${count} entities were asked for together, ${entities.length} came.`);
  }
  return {
    ...response,
    ...(Array.isArray(entities) && { data: { _entities: indexes.map((index) => entities[index] as unknown) } }),
    ...(Array.isArray(errors) && { errors: errors.flatMap((error: unknown) => errorsFor(error, indexes, count)) }),
  };
}

/** An error with its path as it is in the part; none when it is about the entity of another. */
function errorsFor(error: unknown, indexes: readonly number[], count: number) {
  const { path } = (error ?? {}) as { readonly path?: unknown };
  const [field, index, ...rest] = Array.isArray(path) ? (path as readonly unknown[]) : [];
  if (field !== '_entities' || typeof index !== 'number' || index >= count) return [error as never];
  const own = indexes.indexOf(index);
  return own === -1 ? [] : [{ ...(error as object), path: ['_entities', own, ...rest] } as never];
}
