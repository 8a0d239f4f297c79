import type { Permission } from '../../kernel/permissions/permission.ts';
import type { GrantedRole } from './store/roles.ts';

/** What some roles come to: the names of those that count, and all that they permit. */
export interface ExpandedRoles {
  readonly names: readonly string[];
  readonly permissions: readonly Permission[];
}

/** Expands the roles that count for an app at an instant. */
export function expandRoles(roles: readonly GrantedRole[], app: string, now: Date): ExpandedRoles {
  const counting = roles.filter((role) => countsIn(role, app) && countsAt(role, now));
  return {
    names: [...new Set(counting.map(({ name }) => name))],
    permissions: [...new Set(counting.flatMap(({ permissions }) => permissions))],
  };
}

function countsIn({ apps }: GrantedRole, app: string): boolean {
  return apps.length === 0 || apps.includes(app);
}

function countsAt({ validUntil, hoursFrom, hoursTo }: GrantedRole, now: Date): boolean {
  if (validUntil && validUntil <= now) return false;
  if (hoursFrom === null || hoursTo === null) return true;
  const minute = now.getUTCHours() * 60 + now.getUTCMinutes();
  const isAfter = minute >= hoursFrom;
  const isBefore = minute < hoursTo;
  return hoursFrom < hoursTo ? isAfter && isBefore : isAfter || isBefore;
}
