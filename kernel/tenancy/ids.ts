import { PanoramaError } from '../errors/panorama-error.ts';

declare const tenantIdTag: unique symbol;
/** The id of a tenant. Made only here, so a function that asks for one cannot be handed any other text. */
export type TenantId = string & { readonly [tenantIdTag]: true };

declare const entityIdTag: unique symbol;
/** The id of a record: opaque to clients, unique within its tenant and type. Made only by `parseEntityId`. */
export type EntityId = string & { readonly [entityIdTag]: true };

const tenantIdPattern = /^[a-z][a-z0-9-]{0,62}$/;
const entityIdPattern = /^[A-Za-z0-9][A-Za-z0-9_.:-]{0,127}$/;

/** Tells whether a text has the form of a tenant id: a lower-case letter, then up to 62 of those, digits and hyphens. */
export function isTenantId(text: string): text is TenantId {
  return tenantIdPattern.test(text);
}

/** Parses a tenant id. */
export function parseTenantId(text: string): TenantId {
  if (!isTenantId(text)) throw new PanoramaError('BAD_USER_INPUT', 'A tenant id is expected.');
  return text;
}

/** Tells whether a text has the form of a record id (1 to 128 letters, digits, `_ . : -`). */
export function isEntityId(text: string): text is EntityId {
  return entityIdPattern.test(text);
}
