import { makePeople } from '../../cli/demo/people.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { openStand, type Stand } from './stand.ts';

/** A stand with a crowd of tenants, who all have the same people. */
export interface CrowdScene {
  readonly stand: Stand;
  readonly tenants: readonly string[];
  /** The headers of a caller of a tenant; with everything unless said otherwise. */
  tokenOf(tenant: string, scope?: readonly string[]): Readonly<Record<string, string>>;
}

const tenantCount = 12;
const peoplePerTenant = 2;

/** Opens the scene on a stand of its own. */
export async function openCrowdScene(): Promise<CrowdScene> {
  const stand = await openStand();
  const tenants = Array.from({ length: tenantCount }, (_, index) => `crowd-${index}`);
  for (const tenant of tenants) {
    const id = parseTenantId(tenant);
    for (const app of stand.apps) {
      await app.insertDemo({ id, name: tenant, people: makePeople(id, peoplePerTenant), keys: [] });
    }
  }
  return {
    stand,
    tenants,
    tokenOf: (tenantId, scope = ['*']) => ({ authorization: `Bearer ${stand.token({ tenantId, scope })}` }),
  };
}
