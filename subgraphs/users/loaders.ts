import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/users/client.ts';
import { createGroupLoader, createLoader } from '../../kernel/data/batch.ts';
import type { DayFigure } from '../../kernel/data/day-figures.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import { createUseLoader } from './metrics.ts';
import { findApiKeysById } from './store/keys.ts';
import { findAssignmentsOf, findLatestAssignments, findRolesById } from './store/roles.ts';
import {
  type ApiKeyModel,
  type ClientAppModel,
  findClientAppsById,
  findLatestSessions,
  findSessionsById,
  findUsersByEmail,
  findUsersById,
  type RoleAssignmentModel,
  type RoleModel,
  type SessionModel,
  type UserModel,
} from './store.ts';

/** The batch functions of one request. */
export interface UsersLoaders {
  readonly user: DataLoader<string, UserModel | null>;
  readonly userByEmail: DataLoader<string, UserModel | null>;
  /** By the id of a day of metrics. */
  readonly useOfDay: DataLoader<string, readonly DayFigure[]>;
  readonly session: DataLoader<string, SessionModel | null>;
  /** By user id; each limit and type has a loader of its own. */
  readonly latestSessions: (limit: number, sessionType: string | null) => DataLoader<string, readonly SessionModel[]>;
  readonly clientApp: DataLoader<string, ClientAppModel | null>;
  readonly apiKey: DataLoader<string, ApiKeyModel | null>;
  readonly role: DataLoader<string, RoleModel | null>;
  /** By the id of a user, and by that of an API key. */
  readonly assignmentsOfUser: DataLoader<string, readonly RoleAssignmentModel[]>;
  readonly assignmentsOfKey: DataLoader<string, readonly RoleAssignmentModel[]>;
  /** By the id of a role; each limit has a loader of its own. */
  readonly latestAssignments: (limit: number) => DataLoader<string, readonly RoleAssignmentModel[]>;
}

export type UsersContext = AppContext<PrismaClient, UsersLoaders>;

export function createUsersLoaders(context: Omit<UsersContext, 'loaders'>): UsersLoaders {
  const { database } = context;
  const latestByArguments = new Map<string, DataLoader<string, readonly SessionModel[]>>();

  function latestSessions(limit: number, sessionType: string | null) {
    const key = JSON.stringify([limit, sessionType]);
    const known = latestByArguments.get(key);
    if (known) return known;
    const loader = createGroupLoader(
      (userIds) => database.read(context, (tx) => findLatestSessions(tx, userIds, sessionType, limit)),
      (session) => session.userId,
    );
    latestByArguments.set(key, loader);
    return loader;
  }

  const assignmentsByLimit = new Map<number, DataLoader<string, readonly RoleAssignmentModel[]>>();
  function latestAssignments(limit: number) {
    const known = assignmentsByLimit.get(limit);
    if (known) return known;
    const loader = createGroupLoader(
      (roleIds) => database.read(context, (tx) => findLatestAssignments(tx, roleIds, limit)),
      (assignment) => assignment.roleId,
    );
    assignmentsByLimit.set(limit, loader);
    return loader;
  }

  return {
    user: createLoader(
      (ids) => database.read(context, (tx) => findUsersById(tx, ids)),
      (user) => user.id,
    ),
    userByEmail: createLoader(
      (keys) => database.read(context, (tx) => findUsersByEmail(tx, keys)),
      (user) => user.emailKey,
    ),
    session: createLoader(
      (ids) => database.read(context, (tx) => findSessionsById(tx, ids)),
      (session) => session.id,
    ),
    useOfDay: createUseLoader(context),
    latestSessions,
    clientApp: createLoader(
      (ids) => database.read(context, (tx) => findClientAppsById(tx, ids)),
      (app) => app.id,
    ),
    apiKey: createLoader(
      (ids) => database.read(context, (tx) => findApiKeysById(tx, ids)),
      (key) => key.id,
    ),
    role: createLoader(
      (ids) => database.read(context, (tx) => findRolesById(tx, ids)),
      (role) => role.id,
    ),
    assignmentsOfUser: createGroupLoader(
      (userIds) => database.read(context, (tx) => findAssignmentsOf(tx, 'userId', userIds)),
      ({ userId }) => userId ?? '',
    ),
    assignmentsOfKey: createGroupLoader(
      (keyIds) => database.read(context, (tx) => findAssignmentsOf(tx, 'keyId', keyIds)),
      ({ keyId }) => keyId ?? '',
    ),
    latestAssignments,
  };
}
