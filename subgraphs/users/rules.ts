import type { AppRules, FieldRule } from '../../kernel/permissions/app-rules.ts';
import { grants, type Permission } from '../../kernel/permissions/permission.ts';
import { refusalFor } from '../../kernel/permissions/refusal.ts';
import { notFound } from '../../kernel/subgraph/command.ts';
import { type CommandResult, refused } from '../../kernel/subgraph/input.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { SessionModel, UserModel } from './store.ts';

/**
 * The users whose sessions a principal may read: undefined for everyone's (`read:sessions`), its own user otherwise
 * (`read:own-users`).
 */
export function ownersOfSessions({ permissions, userId }: Principal): readonly string[] | undefined {
  if (grants(permissions, 'read:sessions')) return undefined;
  return userId === undefined ? [] : [userId];
}

/**
 * The refusal to write what belongs to a user without the permission to write everyone's: only one's own may be written
 * then (`write:own-users`). To a principal that may not even see the user, it does not exist.
 */
export function refuseForeignUser(
  { permissions, userId }: Principal,
  needed: Permission,
  owner: { readonly id: string; readonly field: string; readonly noun: string },
): CommandResult<never> | undefined {
  if (grants(permissions, needed) || owner.id === userId) return undefined;
  if (!grants(permissions, needed.replace('write:', 'read:'))) return notFound(owner.field, owner.noun);
  return refused('FORBIDDEN', owner.field, `This belongs to somebody else: it needs the permission ${needed}.`);
}

/** Of one's own user with `read:own-users`, of everyone with one of some permissions. */
const ownOr =
  (...needed: readonly [Permission, ...Permission[]]): FieldRule =>
  (user: UserModel, { principal: { permissions, userId } }) =>
    user.id === userId || needed.some((one) => grants(permissions, one)) ? undefined : refusalFor(needed[0]);

const personal = ownOr('read:users');
const usage = ownOr('read:users', 'read:metrics');

export const rules: AppRules = {
  fields: {
    CustomerProfile: {
      username: personal,
      email: personal,
      profileData: personal,
      createdAt: usage,
      lastLogin: usage,
    },
  },
  records: {
    User: ({ permissions, userId }) =>
      grants(permissions, 'read:users') ? undefined : (user: UserModel) => user.id === userId,
    Session: (principal) => {
      const owners = ownersOfSessions(principal);
      return owners && ((session: SessionModel) => owners.includes(session.userId));
    },
  },
};
