import type { Principal } from './principal.ts';
import type { RequestContext } from './request-context.ts';

declare const scopeTag: unique symbol;

/**
 * For whom an answer is: equal for requests whose answers to equal questions may be the same object, and different in
 * everything that an answer may depend on. Made only by `scopeOf`, so that no key of something shared can forget the
 * tenant.
 */
export type Scope = string & { readonly [scopeTag]: true };

const principalScopes = new WeakMap<Principal, string>();

/** The scope of a request: tenant, app, user and permissions of its principal, and the headers that subgraphs may see. */
export function scopeOf({ principal, forwardedHeaders }: RequestContext): Scope {
  const headers = forwardedHeaders ? JSON.stringify(Object.entries(forwardedHeaders).sort()) : '';
  return `${principal ? principalScope(principal) : 'anonymous'} ${headers}` as Scope;
}

function principalScope(principal: Principal): string {
  const known = principalScopes.get(principal);
  if (known !== undefined) return known;
  const { tenantId, app, userId, permissions } = principal;
  const scope = JSON.stringify([tenantId, app, userId ?? null, [...permissions].sort()]);
  principalScopes.set(principal, scope);
  return scope;
}
