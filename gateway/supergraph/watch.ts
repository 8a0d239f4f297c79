import { setTimeout } from 'node:timers/promises';
import { GraphQLError } from 'graphql';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import type { ServedSupergraph, SubgraphConnections } from './served-supergraph.ts';
import { loadSupergraph, type Supergraph } from './supergraph.ts';
import { SupergraphError } from './supergraph-error.ts';

/** The largest supergraph that is read, in bytes. */
export const maxSupergraphBytes = 64 * 1024 * 1024;

/**
 * Reads the SDL where it is kept; undefined when it is the one read before. Rejects with `SupergraphError`, or with the
 * reason of the signal once that has ended.
 */
export type SupergraphReader = (signal: AbortSignal) => Promise<string | undefined>;

/** Connects to the subgraphs of a supergraph. Throws `SupergraphError` when one cannot be reached in any way. */
export type SubgraphConnector = (supergraph: Supergraph) => SubgraphConnections;

export interface WatchOptions {
  readonly read: SupergraphReader;
  /** How long to wait between two reads, in milliseconds. */
  readonly intervalMs: number;
  readonly connect: SubgraphConnector;
  /** What is to be done with a version before it is served; until that has ended, the one before is served. */
  readonly prepare?: (supergraph: Supergraph) => Promise<void>;
  readonly logger: Logger;
}

/** A supergraph that is kept up to date. */
export interface SupergraphWatch {
  /** The newest version that could be served. */
  current(): ServedSupergraph;
  /** Has a function called whenever another version is served. */
  onReplaced(listener: () => void): void;
  /** Rejects with the reason when what was read last could not be served, or nothing could be read. */
  check(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Reads a supergraph and then looks for a newer one again and again. A new version that can be served takes the place of
 * the current one from the next operation on; one that cannot is logged, and the current one stays. Rejects with
 * `SupergraphError` when there is nothing to begin with.
 */
export async function watchSupergraph(options: WatchOptions): Promise<SupergraphWatch> {
  const { read, intervalMs, connect, prepare, logger } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  let served = serve(await read(signal), connect);
  await prepare?.(served.supergraph);
  /** Why the version that was read last is not served. */
  let refusal: unknown;
  /** Why there is nothing newer: the refusal, or that nothing could be read. */
  let problem: unknown;
  const listeners: (() => void)[] = [];

  async function update(): Promise<void> {
    const before = problem;
    try {
      const sdl = await read(signal);
      if (sdl !== undefined) refusal = await replace(sdl);
      problem = refusal;
    } catch (error) {
      signal.throwIfAborted();
      problem = error;
    }
    // A source that is down for hours is one line in the log, not one for each attempt.
    if (problem !== undefined && String(problem) !== String(before)) {
      logger.error({ supergraph: served.supergraph.id, err: problem }, 'The supergraph stays: there is no newer one');
    }
  }

  /** Serves another version from now on, or says why not. */
  async function replace(sdl: string): Promise<unknown> {
    try {
      const next = serve(sdl, connect);
      if (next.supergraph.id === served.supergraph.id) return undefined;
      await prepare?.(next.supergraph);
      served = next;
      logger.info({ supergraph: next.supergraph.id }, 'Another supergraph is served');
      for (const listener of listeners) listener();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  async function updateUntilStopped(): Promise<void> {
    for (;;) {
      await setTimeout(intervalMs, undefined, { signal });
      await update();
    }
  }

  const stopped = updateUntilStopped().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return {
    current: () => served,
    onReplaced: (listener) => void listeners.push(listener),
    async check() {
      if (problem !== undefined) throw problem;
    },
    async stop() {
      stopping.abort();
      await stopped;
    },
  };
}

function serve(sdl: string | undefined, connect: SubgraphConnector): ServedSupergraph {
  const supergraph = load(sdl ?? '');
  return Object.freeze({ supergraph, ...connect(supergraph) });
}

function load(sdl: string): Supergraph {
  try {
    return loadSupergraph(sdl);
  } catch (error) {
    throw new SupergraphError(`This is not a supergraph that can be served: ${messageOf(error)}`, { cause: error });
  }
}

function messageOf(error: unknown): string {
  const place = error instanceof GraphQLError ? error.locations?.[0] : undefined;
  return (error as Error).message + (place ? ` (line ${place.line}, column ${place.column})` : '');
}
