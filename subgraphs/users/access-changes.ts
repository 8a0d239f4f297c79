import type { NewChange } from '../../kernel/changes/change.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import { writeMinute } from './access-input.ts';
import type { ApiKeyModel, RoleAssignmentModel, RoleModel } from './store.ts';

/** What a change tells of an API key: nothing that opens anything. */
export function keyChange(type: string, key: ApiKeyModel): NewChange {
  const { id, name, prefix, permissions, allowedApps, rateLimit, createdAt, createdBy, expiresAt, revokedAt } = key;
  const kept = { id, name, prefix, permissions, allowedApps, rateLimit };
  const data = toChangeData({ ...kept, createdAt, createdBy, expiresAt, revokedAt });
  return { type, entityId: id, version: key.version, data };
}

/** What a token was given out for; the key that it came from stays as it is. */
export function tokenIssue(
  key: ApiKeyModel,
  token: {
    readonly app: string;
    readonly userId: string | null;
    readonly permissions: readonly string[];
    readonly expiresAt: Date;
  },
): NewChange {
  return { type: 'TOKEN_ISSUED', op: 'ACK', entityId: key.id, version: key.version, data: toChangeData({ ...token }) };
}

/** What a change tells of a role. */
export function roleChange(type: string, role: RoleModel): NewChange {
  const { id, name, description, permissions, apps, hoursFrom, hoursTo, createdAt, updatedAt, version } = role;
  const hours =
    hoursFrom === null || hoursTo === null ? null : { from: writeMinute(hoursFrom), to: writeMinute(hoursTo) };
  const data = toChangeData({ id, name, description, permissions, apps, hours, createdAt, updatedAt, version });
  return { type, entityId: id, version, data };
}

/** What is told of a role that was deleted. */
export function roleDeletion({ id, version }: RoleModel): NewChange {
  return { type: 'ROLE_DELETED', op: 'DELETE', entityId: id, version: version + 1, data: { id } };
}

function assignmentData(assignment: RoleAssignmentModel): NewChange['data'] {
  const { id, roleId, userId, keyId, validUntil, createdAt, createdBy } = assignment;
  return toChangeData({ id, roleId, userId, apiKeyId: keyId, validUntil, createdAt, createdBy });
}

/** What is told of a role that somebody was given, or was given until another time. */
export function roleAssignment(assignment: RoleAssignmentModel): NewChange {
  const { id, version } = assignment;
  return { type: 'ROLE_ASSIGNED', entityId: id, version, data: assignmentData(assignment) };
}

/** What is told of a role that somebody has no more. */
export function roleUnassignment(assignment: RoleAssignmentModel): NewChange {
  const { id, version } = assignment;
  const data = assignmentData(assignment);
  return { type: 'ROLE_UNASSIGNED', op: 'DELETE', entityId: id, version: version + 1, data };
}
