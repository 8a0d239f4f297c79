import type { IncomingMessage } from 'node:http';
import { PanoramaError } from '../errors/panorama-error.ts';
import { RefusedRequest } from './refused-request.ts';

function tooLarge(limit: number): PanoramaError {
  return new RefusedRequest(413, 'OPERATION_LIMIT_EXCEEDED', `A request body can have at most ${limit} bytes.`, {
    limit: 'requestBytes',
    value: limit,
  });
}

/**
 * Reads a request body of at most `limit` bytes. A larger one is refused as soon as that is known, and so is one in an
 * encoding: a few bytes could unfold to any number.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    throw new RefusedRequest(415, 'BAD_USER_INPUT', 'A request body is taken as it is, without a content-encoding.');
  }
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  const body = await collectBody(request, limit);
  if (body === undefined) throw tooLarge(limit);
  return body;
}

/**
 * Undefined for a body of more than `limit` bytes; what is still to come of it is dropped. The connection has to outlive
 * the refusal: a client that still sends would not see the answer. By events, as an iterator costs several times as much.
 */
function collectBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer | undefined>();
  const chunks: Buffer[] = [];
  let length = 0;
  const leave = () => {
    if (!request.readableEnded) reject(new Error('The client has gone away before its request was read.'));
  };
  // Nothing more is heard of one that has gone already.
  if (request.destroyed) leave();
  request.on('data', (chunk: Buffer) => {
    length += chunk.byteLength;
    if (length <= limit) chunks.push(chunk);
    else resolve(undefined);
  });
  request.on('end', () => {
    const [first] = chunks;
    resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
  });
  request.on('error', reject);
  request.on('close', leave);
  return promise;
}

const jsonType = /^application\/(graphql\+)?json\s*(;|$)/i;
const otherCharset = /;\s*charset\s*=(?!\s*"?utf-?8"?\s*(;|$))/i;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses a body as JSON. A media type other than JSON gives undefined: the door that asked says what it takes. */
export function parseJsonBody(body: Buffer, contentType: string | undefined): unknown {
  if (contentType === undefined || !jsonType.test(contentType)) return undefined;
  if (otherCharset.test(contentType)) throw new RefusedRequest(415, 'BAD_USER_INPUT', 'JSON is taken in UTF-8 only.');
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new PanoramaError('BAD_USER_INPUT', `The request body is not JSON: ${reason}.`);
  }
}
