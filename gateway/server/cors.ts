import type { IncomingMessage, ServerResponse } from 'node:http';

const allowedHeaders = [
  'content-type',
  'authorization',
  'x-tenant-key',
  'x-source-app',
  'x-correlation-id',
  'apollo-require-preflight',
  'idempotency-key',
].join(', ');

/** Answers a preflight and resolves to true; of any other request it marks the answer as readable where it may be read. */
export type CrossOrigin = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * Lets pages of these origins read answers (the CORS protocol of the Fetch standard). An origin is compared as a whole.
 * Cookies are no credential here, so none are asked for. Without origins, only pages of our own can ask.
 */
export function createCrossOrigin(origins: readonly string[]): CrossOrigin {
  const allowed = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    if (allowed.size > 0) response.appendHeader('vary', 'origin');
    if (origin !== undefined && allowed.has(origin)) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('cross-origin-resource-policy', 'cross-origin');
      response.setHeader('access-control-expose-headers', 'x-correlation-id, retry-after');
      if (isPreflight) {
        response.setHeader('access-control-allow-methods', 'GET, POST');
        response.setHeader('access-control-allow-headers', allowedHeaders);
        response.setHeader('access-control-max-age', '600');
      }
    }
    if (isPreflight) response.writeHead(204).end();
    return isPreflight;
  };
}
