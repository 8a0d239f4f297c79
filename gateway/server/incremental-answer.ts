import type { ServerResponse } from 'node:http';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import type { AnswerPart, LaterAnswer } from '../execute/deliver-parts.ts';
import type { WrittenData } from '../execute/written-data.ts';

/**
 * An answer in parts, as clients with `@defer` understand it: one `multipart/mixed` response, with the format of parts
 * that graphql-js 17.0.0-alpha.2 has and its clients name by its date.
 */
export const partsMediaType = 'multipart/mixed; boundary="-"; deferSpec=20220824';

const formatNames = ['deferspec', 'incrementalspec', 'subscriptionspec'];

/**
 * Tells from an `accept` header whether the client takes an answer in parts: it asks for this format of them by name, or
 * for `multipart/mixed` without a format.
 */
export function takesParts(accept: string | undefined): boolean {
  if (!accept?.includes('multipart/mixed')) return false;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (type !== 'multipart/mixed') return false;
    const values = new Map(
      parameters.map((parameter) => {
        const [name = '', value = ''] = parameter.split('=', 2);
        return [name.trim(), value.trim().replaceAll('"', '')];
      }),
    );
    if (Number(values.get('q') ?? 1) === 0) return false;
    return values.get('deferspec') === '20220824' || formatNames.every((name) => !values.has(name));
  });
}

/** An answer of which parts are still to come. */
export interface IncrementalAnswer {
  readonly data: WrittenData;
  readonly errors?: readonly GraphQLError[];
  readonly later: AsyncGenerator<LaterAnswer, void>;
}

/** What is the door's in the writing of errors. */
export interface PartErrors {
  format(errors: readonly GraphQLError[]): readonly GraphQLFormattedError[];
  /** Gives what to tell in the place of an error that nobody foresaw. */
  present(error: unknown): GraphQLError;
}

/** The body of an answer in parts, a piece for each. What fails unforeseen ends it with an error at the root. */
export async function* writeParts(
  { data, errors, later }: IncrementalAnswer,
  partErrors: PartErrors,
): AsyncGenerator<string, void> {
  const result = resultText(data, errors, partErrors);
  yield `\r\n---${pieceText(`{${result},"hasNext":true}`, true)}`;
  try {
    for await (const { parts, hasNext } of later) {
      const items = parts.map((part) => partText(part, partErrors));
      yield pieceText(`{"incremental":[${items.join(',')}],"hasNext":${hasNext}}`, hasNext);
    }
  } catch (error) {
    const told = JSON.stringify(partErrors.format([partErrors.present(error)]));
    yield pieceText(`{"incremental":[{"path":[],"data":null,"errors":${told}}],"hasNext":false}`, false);
  }
}

/** A piece with the boundary behind it: with it, a client knows that the piece is whole. */
function pieceText(json: string, hasNext: boolean): string {
  return `\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${json}\r\n---${hasNext ? '' : '--\r\n'}`;
}

function partText({ path, label, data, errors }: AnswerPart, partErrors: PartErrors): string {
  const labelText = label === undefined ? '' : `"label":${JSON.stringify(label)},`;
  return `{"path":${JSON.stringify(path)},${labelText}${resultText(data, errors, partErrors)}}`;
}

function resultText(
  { text }: WrittenData,
  errors: readonly GraphQLError[] | undefined,
  { format }: PartErrors,
): string {
  return errors ? `"data":${text},"errors":${JSON.stringify(format(errors))}` : `"data":${text}`;
}

/** Sends a body piece by piece, no faster than the client reads. When the client goes away the pieces are left. */
export async function sendPieces(response: ServerResponse, pieces: AsyncGenerator<string, void>): Promise<void> {
  for await (const piece of pieces) {
    const isTaken = response.write(piece);
    if (!isTaken && !response.closed) await writable(response);
    if (response.closed) return;
  }
  response.end();
}

/** Waits until more can be sent, or the client has gone. */
function writable(response: ServerResponse): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => {
    response.off('drain', stop).off('close', stop);
    resolve();
  };
  response.on('drain', stop).on('close', stop);
  return promise;
}
