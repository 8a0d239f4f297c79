import { z } from 'zod';
import { permissionsBeyond } from '../../kernel/permissions/compare-permissions.ts';
import { isPermission, type Permission } from '../../kernel/permissions/permission.ts';
import { type CommandResult, done, refused } from '../../kernel/subgraph/input.ts';
import { isAppName } from '../../kernel/tenancy/app-name.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { UsersContext } from './loaders.ts';

/** Who makes keys and roles: a request, or the platform itself on its command line. */
export interface GiverContext extends Pick<UsersContext, 'mutation' | 'secret' | 'forgetLoaded'> {
  readonly principal: Pick<Principal, 'permissions' | 'credentialId' | 'userId'>;
}

const unique = <T>(values: readonly T[]): T[] => [...new Set(values)];

/** A list of permissions, at most 100. */
export function permissionList() {
  const message = 'A permission is `operation:resource`, `operation:*` or `*`, in lower-case letters and hyphens.';
  return z.array(z.string().refine(isPermission, message)).max(100, 'Use at most 100 permissions.').transform(unique);
}

/** The id of a client app. */
export function appName() {
  return z.string().refine(isAppName, 'The id of an app is lower-case letters, digits and hyphens, a letter first.');
}

/** The name of a role. */
export function roleName() {
  return z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, 'The name of a role is lower-case letters, digits and hyphens, a letter first.');
}

/** An instant that has not come yet. */
export function laterInstant() {
  return z.date().refine((instant) => instant > new Date(), 'This time is over.');
}

const minutePattern = /^([01]\d|2[0-3]):([0-5]\d)$/;

/** A time of day, `HH:MM`, as minutes after midnight. */
export function minuteOfDay() {
  return z
    .string()
    .regex(minutePattern, 'A time of day is HH:MM, from 00:00 to 23:59.')
    .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));
}

/** The like, written. */
export function writeMinute(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => String(part).padStart(2, '0')).join(':');
}

/** Refuses to give permissions that the giver does not hold; nobody can make another mightier than they are. */
export function checkHeld(
  { principal }: GiverContext,
  permissions: readonly Permission[],
  field: string,
): CommandResult<true> {
  const beyond = permissionsBeyond(principal.permissions, permissions);
  if (beyond.length === 0) return done(true);
  return refused('FORBIDDEN', field, `Nobody can give what they do not hold: ${beyond.join(', ')}.`);
}

/** The user or the credential that is noted as the maker of a key or an assignment. */
export function giverId({ principal }: GiverContext): string {
  return (principal.userId ?? principal.credentialId).slice(0, 200);
}
