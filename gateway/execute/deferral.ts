import type { GraphQLError } from 'graphql';
import type { DeferNode, PlanNode } from '../plan/plan-node.ts';
import type { Execution } from './execution.ts';

/** The errors that subgraphs told for one part of an answer, and for those around it, the outermost first. */
export type ErrorSources = readonly (readonly GraphQLError[])[];

/** The fetches of one deferred part. */
interface BlockRun {
  readonly done: Promise<unknown>;
  readonly errors: ErrorSources;
}

/** What is under way for the parts of an answer, seen from the part at hand. */
export interface Deferral {
  /** By the number of the part. */
  readonly blocks: Map<number, BlockRun>;
  /** Resolved when the fetch with the id has been merged. */
  readonly fetched: Map<string, PromiseWithResolvers<void>>;
  /** Resolves when the parts around the one at hand have all that they need. */
  readonly enclosing: Promise<unknown>;
  readonly errors: ErrorSources;
}

/** @param errors The errors of the first part. */
export function createDeferral(errors: readonly GraphQLError[]): Deferral {
  return { blocks: new Map(), fetched: new Map(), enclosing: Promise.resolve(), errors: [errors] };
}

/** Notes that a fetch has been merged. */
export function noteFetched({ deferral }: Execution, id: string): void {
  if (deferral) fetchedOf(deferral, id).resolve();
}

function fetchedOf({ fetched }: Deferral, id: string): PromiseWithResolvers<void> {
  const known = fetched.get(id) ?? Promise.withResolvers<void>();
  fetched.set(id, known);
  return known;
}

/**
 * Starts what is fetched for deferred parts, each as soon as the fetches that it depends on are merged, or will not be
 * sent.
 *
 * @param primary Resolves when the part around them has all that it needs.
 * @param run Runs the node of a block.
 */
export function startBlocks(
  execution: Execution,
  { blocks }: DeferNode,
  primary: Promise<void>,
  run: (execution: Execution, node: PlanNode, path: readonly string[]) => Promise<void>,
): void {
  const { deferral } = execution;
  if (!deferral) throw new Error('A plan that defers was executed as one that does not.');
  const enclosing = Promise.all([deferral.enclosing, primary]);
  for (const { part, depends, node } of blocks) {
    const own: GraphQLError[] = [];
    const errors = [...deferral.errors, own];
    const merged = Promise.all(depends.map((id) => fetchedOf(deferral, id).promise));
    const done = Promise.race([merged, enclosing]).then(() =>
      node ? run({ ...execution, errors: own, deferral: { ...deferral, enclosing, errors } }, node, []) : undefined,
    );
    // Whoever delivers the part sees it fail; and perhaps nobody does.
    done.catch(() => {});
    deferral.blocks.set(part, { done, errors });
  }
}
