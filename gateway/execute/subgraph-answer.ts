import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { type DataObject, isDataObject } from './own-values.ts';

/** An error of a subgraph, as far as it has the form that the specification gives. */
export interface SubgraphError {
  readonly message: string | undefined;
  readonly path: readonly (string | number)[];
  readonly extensions: DataObject;
}

/** A subgraph's response after its form was checked. The types of values are checked when they are completed. */
export interface SubgraphAnswer {
  /** Undefined when there is none; then `errors` is not empty. */
  readonly data: DataObject | undefined;
  readonly errors: readonly SubgraphError[];
}

/** A response that is not what the GraphQL specification calls one. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}

/** Checks the form of a response. Throws `MalformedAnswerError`. */
export function readAnswer(response: SubgraphResponse): SubgraphAnswer {
  if (!isDataObject(response)) throw new MalformedAnswerError('The response is not an object.');
  const data: unknown = response.data ?? undefined;
  const errors: unknown = response.errors ?? [];
  if (data !== undefined && !isDataObject(data)) throw new MalformedAnswerError('The data is not an object.');
  if (!Array.isArray(errors)) throw new MalformedAnswerError('The errors are not a list.');
  if (data === undefined && errors.length === 0) throw new MalformedAnswerError('There is neither data nor an error.');
  return { data, errors: errors.map(readError) };
}

/**
 * The entities of an answer, one for each representation sent; undefined when errors stand in their place.
 * Throws `MalformedAnswerError`.
 */
export function readEntities({ data, errors }: SubgraphAnswer, count: number): readonly unknown[] | undefined {
  const entities = data?._entities ?? undefined;
  if (entities === undefined && errors.length > 0) return undefined;
  if (!Array.isArray(entities)) throw new MalformedAnswerError('The entities are not a list.');
  if (entities.length !== count) {
    throw new MalformedAnswerError(`${count} entities were asked for, ${entities.length} came.`);
  }
  return entities;
}

function readError(error: unknown): SubgraphError {
  const { message, path, extensions } = isDataObject(error) ? error : {};
  return {
    message: typeof message === 'string' && message !== '' ? message : undefined,
    path: Array.isArray(path) ? readPath(path) : [],
    extensions: isDataObject(extensions) ? extensions : {},
  };
}

/** The part of a path up to the first key that cannot be one. */
function readPath(path: readonly unknown[]): readonly (string | number)[] {
  const end = path.findIndex((key) => typeof key !== 'string' && !(Number.isSafeInteger(key) && Number(key) >= 0));
  return (end === -1 ? path : path.slice(0, end)) as readonly (string | number)[];
}
