import { grants, type Permission } from '../../../kernel/permissions/permission.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';

/** Whom something is for: one user, whoever has a permission, or, where both are null, everybody. */
export interface Audience {
  readonly userId: string | null;
  readonly permission: Permission | null;
}

/** Who reads. */
export interface Viewer {
  readonly userId: string | undefined;
  readonly permissions: readonly Permission[];
}

/** Whether somebody is among those that something is for. */
export function isFor({ userId, permission }: Audience, viewer: Viewer): boolean {
  if (userId !== null) return userId === viewer.userId;
  return permission === null || grants(viewer.permissions, permission);
}

/** Whose inbox a principal reads: that of its user, or of the credential where there is none. */
export function readerOf({ userId, credentialId }: Pick<Principal, 'userId' | 'credentialId'>): string {
  return userId === undefined ? `key:${credentialId}` : readerOfUser(userId);
}

export const readerOfUser = (userId: string): string => `user:${userId}`;

/** The user whose inbox it is; undefined for that of a credential. */
export function userOf(reader: string): string | undefined {
  return reader.startsWith('user:') ? reader.slice('user:'.length) : undefined;
}
