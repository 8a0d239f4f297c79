import type { IncomingMessage } from 'node:http';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';

/** Headers that a page can send to another site only after that site has agreed (a CORS preflight). */
const preflighted = ['apollo-require-preflight', 'x-apollo-operation-name', 'x-tenant-key', 'authorization'] as const;

/**
 * Refuses a GET that a browser sends on behalf of another site's page (cross-site request forgery). The page could not
 * read the answer, and a GET changes nothing, but it could load the server and measure time.
 *
 * Browsers say in `sec-fetch-site` where a request comes from, and no page can change that; other clients leave it out.
 * A POST needs no such rule: only JSON is read from it, and a page cannot send JSON elsewhere without a preflight.
 */
export function refuseForgery({ method, headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site'];
  if (method !== 'GET' || site === undefined || site === 'same-origin' || site === 'none') return;
  if (preflighted.some((name) => headers[name])) return;
  throw new PanoramaError(
    'FORBIDDEN',
    "A GET on behalf of another site's page needs `apollo-require-preflight: true`.",
  );
}
