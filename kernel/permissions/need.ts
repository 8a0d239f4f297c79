import type { Principal } from '../tenancy/principal.ts';
import { grants, type Permission } from './permission.ts';

/**
 * What the schema says that an element needs: a principal, and all permissions of one of these alternatives (the
 * argument of `@requiresScopes`). Without alternatives any principal will do (`@authenticated`).
 */
export interface Need {
  readonly anyOf: readonly (readonly Permission[])[];
}

/** Tells whether a principal, or a caller without one, meets a need. */
export function meets(principal: Principal | undefined, { anyOf }: Need): boolean {
  if (principal === undefined) return false;
  return anyOf.length === 0 || anyOf.some((all) => all.every((one) => grants(principal.permissions, one)));
}

/** The permissions that a principal lacks, of the alternative that lacks the fewest: `read:leads`, or `a:b and c:d`. */
export function missingPermissions(principal: Principal, { anyOf }: Need): string {
  const lacking = anyOf.map((all) => all.filter((one) => !grants(principal.permissions, one)));
  return (lacking.sort((a, b) => a.length - b.length)[0] ?? []).join(' and ');
}
