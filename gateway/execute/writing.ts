import type { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { accessError } from '../admission/access-error.ts';
import { isIncluded } from '../plan/guards.ts';
import type { DataField, DeferredPart, RefusedField } from '../plan/output-shape.ts';
import type { Execution } from './execution.ts';
import type { DataObject } from './own-values.ts';
import { maxErrorsPerCause, type ResponsePath } from './subgraph-failure.ts';
import { type Quote, quote, quotePlain } from './write-leaf.ts';

/** A value that was not taken, and why. */
interface Refusal {
  readonly code: 'INTERNAL' | 'NOT_FOUND';
  readonly message: string;
  readonly path: ResponsePath;
}

/** An object that was written, of which a part is deferred. */
export interface DeferredPlace {
  readonly part: DeferredPart;
  readonly source: DataObject;
  readonly objectTypeName: string | undefined;
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
  /** The fields that the principal may not see, each with the place where it was first left out. */
  readonly denials: Map<RefusedField, ResponsePath>;
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
  /** What is still to come of the objects that were written. */
  readonly deferred: DeferredPlace[];
}

/** Where a writing begins, when it is not at the root, and the errors that are known of what it writes. */
interface WritingStart {
  readonly path: ResponsePath;
  readonly errors: readonly GraphQLError[];
}

export function startWriting(
  execution: Execution,
  introspection: DataObject,
  { path, errors }: WritingStart = { path: [], errors: execution.errors },
): Writing {
  return {
    execution,
    introspection,
    text: '',
    quote: execution.hasPlainTexts ? quotePlain : quote,
    refusals: [],
    denials: new Map(),
    path: [...path],
    depth: path.length,
    explained: placesAtOrAbove(errors),
    texts: new Map(),
    incidents: 0,
    deferred: [],
  };
}

/** Notes what is deferred of the object at the place at hand. */
export function noteDeferred(
  writing: Writing,
  parts: readonly DeferredPart[],
  source: DataObject,
  objectTypeName: string | undefined,
): void {
  for (const part of parts) {
    if (!isIncluded(part.guard, writing.execution.variables)) continue;
    writing.incidents += 1;
    writing.deferred.push({ part, source, objectTypeName, path: placeOf(writing) });
  }
}

/** Nothing comes later of what was taken back at the place at hand. */
export function dropDeferred(writing: Writing): void {
  const { deferred } = writing;
  if (deferred.length === 0) return;
  const place = placeOf(writing);
  const isTakenBack = (last: DeferredPlace | undefined) =>
    last && place.every((key, index) => last.path[index] === key);
  // What was noted since then stands at the end.
  while (isTakenBack(deferred.at(-1))) deferred.pop();
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
export function refuse(writing: Writing, message: string, code: Refusal['code'] = 'INTERNAL'): undefined {
  writing.incidents += 1;
  writing.refusals.push({ code, message, path: placeOf(writing) });
}

/** Leaves out what the principal may not see, with an error where it happens first. */
export function deny(writing: Writing, field: RefusedField): undefined {
  if (writing.denials.has(field)) return;
  writing.incidents += 1;
  const path = placeOf(writing);
  writing.denials.set(field, field.coordinate === undefined ? path.slice(0, -1) : path);
}

/** The errors of the values that were not taken, or not to be seen. */
export function refusalErrors(writing: Writing): readonly GraphQLError[] {
  const { principal } = writing.execution.context;
  const denied = Array.from(writing.denials, ([field, path]) => accessError(field, principal, path));
  return [...mistakeErrors(writing), ...denied];
}

function mistakeErrors({ refusals, execution }: Writing): readonly GraphQLError[] {
  const { correlationId } = execution.context;
  const unlisted = refusals.length - maxErrorsPerCause;
  return refusals.slice(0, maxErrorsPerCause).map(({ code, message, path }, index) => {
    const rest = index === maxErrorsPerCause - 1 && unlisted > 0 ? ` (${unlisted} more errors are not listed.)` : '';
    return new PanoramaError(code, message + rest, code === 'INTERNAL' ? { correlationId } : {}, { path });
  });
}

function placesAtOrAbove(errors: readonly GraphQLError[]): ReadonlySet<string> {
  const places = new Set<string>();
  for (const { path } of errors) {
    for (let length = path?.length ?? 0; length > 0; length -= 1) places.add(path?.slice(0, length).join('.') ?? '');
  }
  return places;
}
