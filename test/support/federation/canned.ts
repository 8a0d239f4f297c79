import type { Connection, SubgraphRequest, SubgraphResponse } from '../../../kernel/subgraph/connection.ts';

/** A connection that answers every request with the same value, whatever its form: subgraphs are not to be trusted. */
export function answering(response: unknown): Connection {
  return async () => structuredClone(response) as SubgraphResponse;
}

/** A connection that answers with JSON text, parsed. */
export function answeringJson(text: string): Connection {
  return async () => JSON.parse(text) as SubgraphResponse;
}

/** A connection that rejects, as one does whose subgraph cannot be reached. */
export function refusing(message: string): Connection {
  return async () => {
    throw new Error(message);
  };
}

/** A connection that does not answer before the signal of the request ends, or at all. */
export const silent: Connection = () => new Promise(() => {});

/** The representations that a request carries; empty for a request to a root field. */
export function representationsOf(request: SubgraphRequest | undefined): readonly unknown[] {
  return (request?.variables.representations ?? []) as readonly unknown[];
}
