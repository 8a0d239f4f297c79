import type { IncomingHttpHeaders } from 'node:http';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';

/** Of 1 to 128 visible characters of ASCII. */
const keyPattern = /^[\x21-\x7e]{1,128}$/;

/**
 * The name under which the sender of a request may send it again: the header `idempotency-key`
 * (draft-ietf-httpapi-idempotency-key-header), with or without the quotes that the draft puts around it. Throws
 * `BAD_USER_INPUT` for what is no key.
 */
export function readIdempotencyKey(headers: IncomingHttpHeaders): Pick<RequestContext, 'idempotencyKey'> {
  const value = headers['idempotency-key'];
  if (value === undefined) return {};
  const text = Array.isArray(value) ? value.join(', ') : value;
  const key = /^"(.*)"$/.exec(text)?.[1] ?? text;
  if (keyPattern.test(key)) return { idempotencyKey: key };
  throw new PanoramaError('BAD_USER_INPUT', 'An idempotency key has 1 to 128 visible characters of ASCII.', {
    field: 'idempotency-key',
  });
}
