import { PanoramaError } from '../../kernel/errors/panorama-error.ts';

/**
 * The refusal of a request that has no credential, or none that is valid. All of them read the same, so that nobody
 * learns from the answer what a forgery lacks.
 *
 * @param because Why, for the header `www-authenticate`: plain ASCII without quotes.
 */
export function unauthenticated(because?: string): PanoramaError {
  const message = 'A valid credential is needed: an API key as `x-tenant-key`, or a token as `authorization: Bearer`.';
  return new PanoramaError('UNAUTHENTICATED', message, {}, because ? { originalError: new Error(because) } : {});
}
