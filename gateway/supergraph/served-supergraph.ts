import type { Connection, SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { loadSupergraph, type Supergraph } from './supergraph.ts';

/** The ways to subgraphs, by name. */
export interface SubgraphConnections {
  readonly connections: ReadonlyMap<string, Connection>;
  /** Those that can be subscribed to; absent where none can. */
  readonly subscribingConnections?: ReadonlyMap<string, SubscribingConnection>;
}

/** One version of a supergraph with the ways to its subgraphs. A new version comes with new connections. */
export interface ServedSupergraph extends SubgraphConnections {
  readonly supergraph: Supergraph;
}

/** A supergraph that stays the same for the life of the gateway. Throws when the SDL is not a valid supergraph. */
export function serveAlways(
  sdl: string,
  connections: SubgraphConnections['connections'],
  subscribingConnections: NonNullable<SubgraphConnections['subscribingConnections']> = new Map(),
): () => ServedSupergraph {
  const served = Object.freeze({ supergraph: loadSupergraph(sdl), connections, subscribingConnections });
  return () => served;
}
