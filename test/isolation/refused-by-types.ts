import { verdictOn } from '../../gateway/admission/authorize.ts';
import type { AutomaticDocuments } from '../../gateway/admission/automatic-documents.ts';
import type { RateLimiter } from '../../gateway/admission/rate-limit.ts';
import type { PrismaClientLike, TenantDatabase } from '../../kernel/data/tenant-database.ts';
import { createCursors } from '../../kernel/tenancy/cursor.ts';
import { parseTenantId, type TenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import {
  type Scope,
  type ScopedKey,
  scopedKey,
  scopeOf,
  type TenantKey,
  tenantKey,
} from '../../kernel/tenancy/scope.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';

/*
 * Whatever is kept for a tenant, or shared within one, asks for a type that is made in one place, of a tenant. Each line
 * marked as an error is one that the type check must refuse: were it to pass, the mark itself would be the error.
 */

/** Never called: what it says is for the type check. */
export function refusedByTypes(text: string, database: TenantDatabase<PrismaClientLike>, limits: RateLimiter): void {
  const principal = { tenantId: text, app: text, permissions: ['*'] };
  const keyed = new Map<ScopedKey, string>();
  const ofTenants = new Map<TenantKey, string>();
  const documents = {} as AutomaticDocuments;
  const context = { correlationId: text, principal: undefined, signal: new AbortController().signal };

  // @ts-expect-error a text is no tenant
  const tenant: TenantId = text;
  // @ts-expect-error a text is no scope
  const scope: Scope = text;
  // @ts-expect-error the tenant alone is no scope
  const scopeOfTenant: Scope = parseTenantId(text);
  // @ts-expect-error a key within a scope needs the scope
  scopedKey(text, 'thing');
  // @ts-expect-error a key within a tenant needs the tenant
  tenantKey(text, 'thing');
  // @ts-expect-error what is shared is found by a key with its scope only
  keyed.get(text);
  // @ts-expect-error a key of a tenant is not one of a scope
  keyed.get(tenantKey(undefined, text));
  // @ts-expect-error a scope alone names nothing in it
  keyed.get(scopeOf(context));
  // @ts-expect-error nor the other way round
  ofTenants.get(scopedKey(scopeOf(context), text));
  // @ts-expect-error only `createPrincipal` makes principals
  scopeOf({ ...context, principal });
  // @ts-expect-error a principal's tenant is parsed
  createPrincipal({ ...principal, credentialId: text, userId: undefined });
  // @ts-expect-error cursors are those of a tenant
  createCursors(text, text);
  // @ts-expect-error calls are signed for a principal
  createCallSigner(text, text)({ principal, correlationId: text });
  // @ts-expect-error registered documents belong to a principal's tenant
  documents.textOf(principal, text);
  // @ts-expect-error use is charged to a principal
  limits.charge({ principal, address: text }, 1);
  // @ts-expect-error verdicts are about a principal
  verdictOn({} as never, {} as never, principal);
  // @ts-expect-error rows are read for a tenant
  database.read({ tenantId: text }, async () => undefined);
  // @ts-expect-error and written for one
  database.write({ tenantId: text }, async () => undefined);

  keyed.set(scopedKey(scopeOf(context), text), [tenant, scope, scopeOfTenant].join());
}
