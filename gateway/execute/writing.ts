import type { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { DataField } from '../plan/output-shape.ts';
import type { Execution } from './execution.ts';
import type { DataObject } from './own-values.ts';
import { maxErrorsPerCause, type ResponsePath } from './subgraph-failure.ts';
import { type Quote, quote, quotePlain } from './write-leaf.ts';

/** A value that was not taken, and why. */
interface Refusal {
  readonly message: string;
  readonly path: ResponsePath;
}

/** One pass over what was fetched, writing what the client gets. */
export interface Writing {
  readonly execution: Execution;
  /** The values of `__schema` and `__type` by response name. */
  readonly introspection: DataObject;
  /** The text so far. A text is a value, so what has to be taken back is restored. */
  text: string;
  /** Texts whose answers hold nothing special need not be looked through. */
  readonly quote: Quote;
  readonly refusals: Refusal[];
  /** The place of the value at hand; changed in place, so that a path is only copied for an error. */
  readonly path: (string | number)[];
  depth: number;
  /** The places that the subgraphs' errors lie at or below. */
  readonly explained: ReadonlySet<string>;
  /**
   * Texts of values that stand at several places, by field. Only what was written without an `incident` is kept: an
   * error belongs to its place.
   */
  readonly texts: Map<DataField, Map<object, string>>;
  /** How often something depended on the place where it stands. */
  incidents: number;
}

export function startWriting(execution: Execution, introspection: DataObject): Writing {
  return {
    execution,
    introspection,
    text: '',
    quote: execution.hasPlainTexts ? quotePlain : quote,
    refusals: [],
    path: [],
    depth: 0,
    explained: placesAtOrAbove(execution.errors),
    texts: new Map(),
    incidents: 0,
  };
}

/** The place at hand. */
export function placeOf({ path, depth }: Writing): ResponsePath {
  return path.slice(0, depth);
}

/** Tells whether an error of a subgraph lies at the place at hand or below it. */
export function isExplained(writing: Writing): boolean {
  writing.incidents += 1;
  return writing.explained.size > 0 && writing.explained.has(placeOf(writing).join('.'));
}

/** Leaves out a value, with an error at its place. The message says nothing of the value itself. */
export function refuse(writing: Writing, message: string): undefined {
  writing.incidents += 1;
  writing.refusals.push({ message, path: placeOf(writing) });
}

/** The errors of the values that were not taken. */
export function refusalErrors({ refusals, execution }: Writing): readonly GraphQLError[] {
  const { correlationId } = execution.context;
  const unlisted = refusals.length - maxErrorsPerCause;
  return refusals.slice(0, maxErrorsPerCause).map(({ message, path }, index) => {
    const rest = index === maxErrorsPerCause - 1 && unlisted > 0 ? ` (${unlisted} more errors are not listed.)` : '';
    return new PanoramaError('INTERNAL', message + rest, { correlationId }, { path });
  });
}

function placesAtOrAbove(errors: readonly GraphQLError[]): ReadonlySet<string> {
  const places = new Set<string>();
  for (const { path } of errors) {
    for (let length = path?.length ?? 0; length > 0; length -= 1) places.add(path?.slice(0, length).join('.') ?? '');
  }
  return places;
}
