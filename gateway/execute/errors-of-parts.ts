import type { GraphQLError } from 'graphql';
import { isIncluded } from '../plan/guards.ts';
import type { DeferredPart, OutputShape } from '../plan/output-shape.ts';
import type { ErrorSources } from './deferral.ts';
import type { ResponsePath } from './subgraph-failure.ts';
import type { DeferredPlace } from './writing.ts';

type Variables = Readonly<Record<string, unknown>>;

/** An object's fields, and what is deferred of them. */
type Fields = Pick<DeferredPart, 'fields' | 'parts'>;

/** Of the errors that were told for the first part of an answer, those that are not about deferred fields alone. */
export function errorsOfFirst(
  shape: Fields,
  errors: readonly GraphQLError[],
  variables: Variables,
): readonly GraphQLError[] {
  return errors.filter(({ path = [] }) => holds(shape, path, variables, false) || !holds(shape, path, variables, true));
}

/**
 * The errors to tell with a deferred part, for each of its places: those about its fields, whichever fetch they come
 * from, and what its own fetches told of no field at all. An error about a place that is not in the answer is not told.
 *
 * @param sources The last are those of the part's own fetches.
 */
export function errorsOfPlaces(
  places: readonly DeferredPlace[],
  sources: ErrorSources,
  variables: Variables,
): readonly (readonly GraphQLError[])[] {
  const own = new Set(sources.length > 1 ? sources.at(-1) : []);
  const unplaced = new Set(
    [...own].filter(({ path = [] }) =>
      places.every((place) => !isBelow(path, place) || !holds(place.part, restOf(path, place), variables, true)),
    ),
  );
  const all = sources.flat();
  return places.map((place) =>
    all.filter((error) => {
      const { path = [] } = error;
      if (isBelow(path, place) && holds(place.part, restOf(path, place), variables, false)) return true;
      return (isBelow(path, place) || isAtOrAbove(path, place)) && unplaced.delete(error);
    }),
  );
}

function isBelow(path: ResponsePath, place: DeferredPlace): boolean {
  return path.length > place.path.length && place.path.every((key, index) => path[index] === key);
}

function isAtOrAbove(path: ResponsePath, place: DeferredPlace): boolean {
  return path.every((key, index) => place.path[index] === key);
}

function restOf(path: ResponsePath, place: DeferredPlace): ResponsePath {
  return path.slice(place.path.length);
}

/**
 * Tells whether what stands at a path is answered among some fields.
 *
 * @param withParts Whether what is deferred of them counts.
 */
function holds({ fields, parts }: Fields, path: ResponsePath, variables: Variables, withParts: boolean): boolean {
  const start = path.findIndex((key) => typeof key === 'string');
  if (start === -1) return true;
  const rest = path.slice(start + 1);
  const isAnswered = fields.some(
    (field) =>
      field.responseName === path[start] &&
      isIncluded(field.guard, variables) &&
      (field.kind !== 'Data' || holdsBelow(field.shape, rest, variables, withParts)),
  );
  if (isAnswered || !withParts) return isAnswered;
  return parts.some((part) => isIncluded(part.guard, variables) && holds(part, path, variables, true));
}

function holdsBelow(shape: OutputShape, path: ResponsePath, variables: Variables, withParts: boolean): boolean {
  switch (shape.kind) {
    case 'NonNull':
    case 'List':
      return holdsBelow(shape.of, path, variables, withParts);
    case 'Object':
      return holds(shape, path, variables, withParts);
    case 'Abstract':
      return Array.from(shape.shapes.values()).some((runtime) => holds(runtime, path, variables, withParts));
    case 'Scalar':
    case 'Enum':
      return true;
  }
}
