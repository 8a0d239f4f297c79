import type { IncomingMessage } from 'node:http';
import { PanoramaError } from '../errors/panorama-error.ts';
import { collectBytes } from './collect-bytes.ts';

function tooLarge(limit: number): PanoramaError {
  return new PanoramaError('OPERATION_LIMIT_EXCEEDED', `A request body can have at most ${limit} bytes.`, {
    limit: 'requestBytes',
    value: limit,
  });
}

/** Reads a request body of at most `limit` bytes. A larger one is refused as soon as that is known. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
  // The connection must outlive the refusal: a client that still sends would not see the answer.
  const body = await collectBytes(request.iterator({ destroyOnReturn: false }), limit);
  if (body === undefined) throw tooLarge(limit);
  return body;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Parses a body as JSON. A media type other than JSON gives undefined: the door that asked says what it takes. */
export function parseJsonBody(body: Buffer, contentType: string | undefined): unknown {
  if (!/^application\/(graphql\+)?json\s*(;|$)/i.test(contentType ?? '')) return undefined;
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it is not UTF-8';
    throw new PanoramaError('BAD_USER_INPUT', `The request body is not JSON: ${reason}.`);
  }
}
