import type { IncomingMessage, ServerResponse } from 'node:http';
import { PanoramaError } from '../errors/panorama-error.ts';

/** The error itself when a client may see it, else `INTERNAL` with the correlation id. */
export function presentable(error: unknown, correlationId: string): PanoramaError {
  if (error instanceof PanoramaError) return error;
  return new PanoramaError('INTERNAL', 'Something failed on our side.', { correlationId });
}

/** The media type of an answer: GraphQL's own for those who ask for it. */
export function mediaTypeFor({ headers }: IncomingMessage): string {
  const own = 'application/graphql-response+json';
  return headers.accept?.includes(own) ? own : 'application/json';
}

/** What to do about a refused credential (RFC 6750, section 3); the answer itself does not say what was wrong with it. */
export function challengeOf({ originalError }: PanoramaError): string {
  return originalError ? `Bearer error="invalid_token", error_description="${originalError.message}"` : 'Bearer';
}

/** When to ask again, in the headers of an answer that consists of one error: for clients that look no further. */
export function retryHeaders({
  retryAfter,
}: Readonly<Record<string, unknown>>): readonly (readonly [string, string])[] {
  return typeof retryAfter === 'number'
    ? [
        ['retry-after', String(retryAfter)],
        ['ratelimit-remaining', '0'],
      ]
    : [];
}

/** Answers a request that ended before GraphQL began: one error in the response format of the specification. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  correlationId: string,
): void {
  const shown = presentable(error, correlationId);
  response.setHeader('content-type', `${mediaTypeFor(request)}; charset=utf-8`);
  for (const [name, value] of retryHeaders(shown.extensions)) response.setHeader(name, value);
  if (shown.code === 'UNAUTHENTICATED') response.setHeader('www-authenticate', challengeOf(shown));
  // What is still to come of the body is read and dropped, within the server's time for a request: a client that has
  // not finished sending when its connection closes would never see the answer.
  request.resume();
  response.statusCode = shown.status;
  response.end(JSON.stringify({ errors: [shown.toJSON()] }));
}
