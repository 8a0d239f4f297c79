import { expect, test } from '@jest/globals';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { scopedKey, scopeOf, tenantKey } from '../../kernel/tenancy/scope.ts';

const scopeOfTenant = (tenant: string) =>
  scopeOf({
    correlationId: 'one',
    signal: new AbortController().signal,
    principal: createPrincipal({
      tenantId: parseTenantId(tenant),
      app: 'crm-web',
      credentialId: 'key',
      userId: undefined,
      permissions: ['*'],
    }),
  });

test('keys of two tenants never meet, whatever the things are called', () => {
  const ids = ['a', 'b', 'a-b', 'ab'];
  const things = ['thing', 'a thing', 'thing\nthing', ' thing', '\nthing', '"]\n["b"'];
  const scoped = ids.map(scopeOfTenant).flatMap((scope) => things.map((thing) => scopedKey(scope, thing)));
  const tenants = [undefined, ...ids.map(parseTenantId)];
  const ofTenants = tenants.flatMap((tenant) => things.map((thing) => tenantKey(tenant, thing)));
  expect(new Set(scoped).size).toBe(scoped.length);
  expect(new Set(ofTenants).size).toBe(ofTenants.length);
});
