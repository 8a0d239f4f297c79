import type { NewChange } from '../../kernel/changes/change.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import type { SessionModel, TenantModel, UserModel } from './store.ts';

/** What is told of a new tenant. */
export function tenantCreation({ tenantId, name, isActive, createdAt }: TenantModel): NewChange {
  const data = toChangeData({ id: tenantId, name, isActive, createdAt });
  return { type: 'TENANT_CREATED', entityId: tenantId, version: 1, data };
}

/** What a change tells of a user account. */
export function userChange(type: string, user: UserModel): NewChange {
  const { id, username, email, profileData, createdAt, updatedAt, lastLogin, version } = user;
  const data = toChangeData({ id, username, email, profileData, createdAt, updatedAt, lastLogin, version });
  return { type, entityId: id, version, data };
}

/** What a change tells of a session. */
export function sessionChange(type: string, session: SessionModel): NewChange {
  const { id, userId, appId, sessionType, metadata, startedAt, endedAt, version } = session;
  const data = toChangeData({ id, userId, appId, sessionType, metadata, startedAt, endedAt });
  return { type, entityId: id, version, data };
}
