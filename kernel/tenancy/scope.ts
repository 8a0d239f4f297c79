import type { TenantId } from './ids.ts';
import type { Principal } from './principal.ts';
import type { RequestContext } from './request-context.ts';

declare const scopeTag: unique symbol;

/**
 * For whom an answer is: equal for requests whose answers to equal questions may be the same object, and different in
 * everything that an answer may depend on. Made only by `scopeOf`, so that no key of something shared can forget the
 * tenant.
 */
export type Scope = string & { readonly [scopeTag]: true };

declare const scopedKeyTag: unique symbol;

/** Names a thing that only requests of one scope share. What is kept under such keys cannot be reached by other texts. */
export type ScopedKey = string & { readonly [scopedKeyTag]: true };

/** The key of a thing within a scope. */
export function scopedKey(scope: Scope, thing: string): ScopedKey {
  return `${scope}\n${thing}` as ScopedKey; // no scope has a line break
}

declare const tenantKeyTag: unique symbol;

/** The same for what all of a tenant share. */
export type TenantKey = string & { readonly [tenantKeyTag]: true };

/** The key of a thing of a tenant, or of those who come without one. */
export function tenantKey(tenantId: TenantId | undefined, thing: string): TenantKey {
  return `${tenantId ?? ''} ${thing}` as TenantKey; // no id of a tenant has a space
}

const principalScopes = new WeakMap<Principal, string>();

/** The scope of a request: all that is known of its principal, and the headers that subgraphs may see, as the door orders them. */
export function scopeOf({ principal, forwardedHeaders }: RequestContext): Scope {
  const headers = forwardedHeaders ? JSON.stringify(forwardedHeaders) : '';
  return `${principal ? principalScope(principal) : 'anonymous'} ${headers}` as Scope;
}

function principalScope(principal: Principal): string {
  const known = principalScopes.get(principal);
  if (known !== undefined) return known;
  const { tenantId, app, userId, roles, permissions, credentialId, limits, expiresAt } = principal;
  const lists = [[...roles].sort(), [...permissions].sort()];
  const scope = JSON.stringify([tenantId, app, userId ?? null, lists, credentialId, limits, expiresAt ?? null]);
  principalScopes.set(principal, scope);
  return scope;
}
