import type { ServerResponse } from 'node:http';

/**
 * What every answer says to browsers: it is of the type that it says, belongs into no frame and no page of another site,
 * loads nothing, and tells no one where it was asked from. Pages put a policy of their own in the place of the first.
 */
const securityHeaders = new Map([
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
  ['x-frame-options', 'DENY'],
]);

/** Sets the headers that every answer has. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeaders(securityHeaders);
}
