import type DataLoader from 'dataloader';
import type { PrismaClient } from '../../generated/prisma/users/client.ts';
import { createGroupLoader, createLoader } from '../../kernel/data/batch.ts';
import type { AppContext } from '../../kernel/subgraph/app.ts';
import {
  type ClientAppModel,
  findClientAppsById,
  findLatestSessions,
  findSessionsById,
  findUsersByEmail,
  findUsersById,
  type SessionModel,
  type UserModel,
} from './store.ts';

/** The batch functions of one request. */
export interface UsersLoaders {
  readonly user: DataLoader<string, UserModel | null>;
  readonly userByEmail: DataLoader<string, UserModel | null>;
  readonly session: DataLoader<string, SessionModel | null>;
  /** By user id; each limit and type has a loader of its own. */
  readonly latestSessions: (limit: number, sessionType: string | null) => DataLoader<string, readonly SessionModel[]>;
  readonly clientApp: DataLoader<string, ClientAppModel | null>;
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
    latestSessions,
    clientApp: createLoader(
      (ids) => database.read(context, (tx) => findClientAppsById(tx, ids)),
      (app) => app.id,
    ),
  };
}
