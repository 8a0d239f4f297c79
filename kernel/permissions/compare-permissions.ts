import { grants, type Permission } from './permission.ts';

/** What two holders may both do: of each pair that overlaps, the narrower permission. */
export function commonPermissions(some: readonly Permission[], others: readonly Permission[]): Permission[] {
  const common = [...some.filter((one) => grants(others, one)), ...others.filter((one) => grants(some, one))];
  return [...new Set(common)];
}

/** The permissions that a holder lacks to give all of some to another. */
export function permissionsBeyond(held: readonly Permission[], wanted: readonly Permission[]): Permission[] {
  // Mostly the very same are held, and nothing has to be made of them.
  return wanted.filter((one) => !held.includes(one) && !grants(held, one));
}
