import type { Connection } from '../../kernel/subgraph/connection.ts';
import { loadSupergraph, type Supergraph } from './supergraph.ts';

/** One version of a supergraph with the ways to its subgraphs, by name. A new version comes with new connections. */
export interface ServedSupergraph {
  readonly supergraph: Supergraph;
  readonly connections: ReadonlyMap<string, Connection>;
}

/** A supergraph that stays the same for the life of the gateway. Throws when the SDL is not a valid supergraph. */
export function serveAlways(sdl: string, connections: ReadonlyMap<string, Connection>): () => ServedSupergraph {
  const served = Object.freeze({ supergraph: loadSupergraph(sdl), connections });
  return () => served;
}
