import { appMatrix } from '../../kernel/permissions/app-matrix.ts';
import type { DemoKey, DemoTenant } from '../../kernel/subgraph/demo-tenant.ts';
import { digestApiKey } from '../../kernel/tenancy/api-key.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { makePeople } from './people.ts';

/** A key that is known to everyone: accepted only where demo data are on. */
export interface KnownKey {
  readonly key: string;
  readonly tenant: string;
  readonly label: string;
  readonly description: string;
  readonly permissions: readonly string[];
  readonly allowedApps: readonly string[];
}

/** The keys of the demo tenants. Those of the CRM web app and the dashboard hold what the permission matrix gives them. */
export const demoKeys: readonly KnownKey[] = [
  {
    key: 'demo-acme-admin',
    tenant: 'acme',
    label: 'Acme admin',
    description: 'everything in acme',
    permissions: ['*'],
    allowedApps: ['crm-web', '*'],
  },
  {
    key: 'demo-acme-readonly',
    tenant: 'acme',
    label: 'Acme read-only',
    description: 'reads everything in acme',
    permissions: ['read:*'],
    allowedApps: ['crm-web', '*'],
  },
  {
    key: 'demo-acme-crm-web',
    tenant: 'acme',
    label: 'Acme CRM web',
    description: 'contacts and deals, as the CRM web app',
    permissions: appMatrix['crm-web'],
    allowedApps: ['crm-web'],
  },
  {
    key: 'demo-acme-dashboard',
    tenant: 'acme',
    label: 'Acme dashboard',
    description: 'metrics and analytics, as the business dashboard',
    permissions: appMatrix['business-dashboard'],
    allowedApps: ['business-dashboard'],
  },
  {
    key: 'demo-globex-admin',
    tenant: 'globex',
    label: 'Globex admin',
    description: 'everything in globex',
    permissions: ['*'],
    allowedApps: ['crm-web', '*'],
  },
];

/** The customer whom examples ask for. */
export const demoCustomerId = 'cus_acme_0001';

const tenantNames = { acme: 'Acme', globex: 'Globex' };
const peoplePerTenant = 200;

function toDemoKey(secret: string, { key, label, permissions, allowedApps }: KnownKey): DemoKey {
  const digest = Uint8Array.from(digestApiKey(secret, key));
  return { name: label, prefix: key.slice(0, 12), digest, permissions, allowedApps };
}

/** The demo tenants with their people and keys; the same for every start with the same secret. */
export function makeDemoTenants(secret: string): DemoTenant[] {
  return Object.entries(tenantNames).map(([tenant, name]) => {
    const id = parseTenantId(tenant);
    const keys = demoKeys.filter((known) => known.tenant === tenant).map((known) => toDemoKey(secret, known));
    return { id, name, people: makePeople(id, peoplePerTenant), keys };
  });
}
