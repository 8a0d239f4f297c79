import type { DocumentNode, GraphQLFormattedError } from 'graphql';
import { dropExcluded } from '../../../gateway/plan/drop-excluded.ts';
import type { OperationResult } from './engine.ts';
import type { StockResponse } from './stock-gateway.ts';

type Path = readonly (string | number)[];

interface WithPath {
  readonly path?: Path | undefined;
}

/** The errors of one answer, sorted by where they come from. */
export interface ComparableErrors {
  /** Errors that a subgraph returned. */
  readonly subgraph: readonly Path[];
  /** Values that do not fit their types; undefined where they cannot be known. */
  readonly completion: readonly Path[] | undefined;
  /** Whether a fetch failed as a whole. */
  readonly hasFailedFetch: boolean;
}

/** Our errors: failed fetches have a code of their own, completion errors name no app. */
export function comparableErrorsOf({ errors = [] }: OperationResult): ComparableErrors {
  const failed = errors.filter(({ extensions }) => extensions.code === 'SUBGRAPH_UNAVAILABLE');
  const rest = errors.filter((error) => !failed.includes(error));
  return {
    subgraph: pathsOf(rest.filter(({ extensions }) => extensions.app !== undefined)),
    completion: pathsOf(rest.filter(({ extensions }) => extensions.app === undefined)),
    hasFailedFetch: failed.length > 0,
  };
}

/**
 * The stock gateway's errors. It gives a failed fetch one error without a path. It hides completion errors in an
 * extension, and drops them when there is any other error.
 */
export function comparableErrorsOfStock({ errors = [], extensions }: StockResponse): ComparableErrors {
  const located = errors.filter(({ path }) => path !== undefined);
  const completion = (extensions?.valueCompletion ?? []) as readonly GraphQLFormattedError[];
  return {
    subgraph: pathsOf(located).map((path) => path.map(withoutPlannersAlias)),
    completion: errors.length > 0 ? undefined : pathsOf(completion),
    hasFailedFetch: located.length < errors.length,
  };
}

function pathsOf(errors: readonly WithPath[]): readonly Path[] {
  return errors.map(({ path = [] }) => path);
}

/** The stock gateway leaves the names in paths that its planner gave to fields that cannot merge in a fetch. */
function withoutPlannersAlias(key: string | number): string | number {
  return typeof key === 'string' ? key.replace(/__alias_\d+$/, '') : key;
}

/** A multiset of paths in a form that can be compared. */
export function sorted(paths: readonly Path[]): readonly string[] {
  return paths.map((path) => path.join('.')).sort();
}

/**
 * Paths without list positions. The stock gateway numbers entities by the objects at a path, but a subgraph by the
 * representations it was sent. Where an object got no representation (its key is missing, or the fetch is not for its
 * type), the stock gateway puts the errors of later entities at the wrong items.
 */
export function withoutPositions(paths: readonly Path[]): readonly Path[] {
  return paths.map((path) => path.map((key) => (typeof key === 'number' ? '#' : key)));
}

/** Tells whether a path ends at a null, passes one on its way, or leads to a field that was fetched but not asked for. */
export function leadsToNull(data: unknown, path: Path): boolean {
  let value = data;
  for (const key of path) {
    if (value === null || value === undefined) return true;
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value === null || value === undefined;
}

/**
 * Tells whether an operation has conditions that are constants. For the sake of fields under `@skip(if: true)` the stock
 * gateway asks for keys and makes fetches, and it asks in another order: when fields fail, others are null with it.
 */
export function plansDiffer(document: DocumentNode): boolean {
  return dropExcluded(document) !== document;
}
