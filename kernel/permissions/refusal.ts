import { PanoramaError } from '../errors/panorama-error.ts';
import type { Principal } from '../tenancy/principal.ts';
import { meets, missingPermissions, type Need } from './need.ts';

/** The refusal of a principal that does not meet all needs; undefined when it does. */
export function refusalOf(principal: Principal, needs: readonly Need[]): PanoramaError | undefined {
  const unmet = needs.find((need) => !meets(principal, need));
  return unmet && refusalFor(missingPermissions(principal, unmet));
}

/** The refusal that names a missing permission. */
export function refusalFor(permission: string): PanoramaError {
  return new PanoramaError('FORBIDDEN', `This needs the permission ${permission}.`, { permission });
}

/** The refusal of something of which the schema says nothing. */
export function refusalOfUnmapped(): PanoramaError {
  return new PanoramaError('FORBIDDEN', 'The schema does not say what this needs, so nobody may have it.');
}
