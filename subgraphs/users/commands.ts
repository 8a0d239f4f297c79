import { z } from 'zod';
import type {
  CreateSessionInput,
  CreateUserInput,
  EndSessionInput,
  UpdateUserInput,
} from '../../generated/graphql/users.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, notFound, runCommand, staleVersion } from '../../kernel/subgraph/command.ts';
import {
  baseVersion,
  type CommandResult,
  done,
  email,
  entityId,
  jsonObject,
  normaliseEmail,
  parseInput,
  refused,
  text,
  unchanged,
} from '../../kernel/subgraph/input.ts';
import { sessionChange, userChange } from './changes.ts';
import type { UsersContext } from './loaders.ts';
import { refuseForeignUser } from './rules.ts';
import {
  changeUser,
  findClientAppsById,
  findSessionsById,
  findUsersById,
  insertSession,
  insertUser,
  noteLogin,
  noteSessionEnd,
  type SessionModel,
  type UserModel,
} from './store.ts';

const username = () => text(100);

const createUserInput = z.object({
  id: entityId().nullish(),
  username: username(),
  email: email(),
  profileData: jsonObject().nullish(),
});

const updateUserInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  username: username().nullish(),
  email: email().nullish(),
  profileData: jsonObject().nullish(),
});

const createSessionInput = z.object({
  id: entityId().nullish(),
  userId: entityId(),
  app: entityId().nullish(),
  sessionType: text(64),
  metadata: jsonObject().nullish(),
});

const endSessionInput = z.object({ id: entityId() });

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const userConstraints = {
  users_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  users_username_key: { code: 'CONFLICT', field: 'username', message: 'This username is taken.' },
  users_email_key: { code: 'CONFLICT', field: 'email', message: 'This e-mail address is taken.' },
} as const satisfies ConstraintMeanings;

const sessionConstraints = {
  sessions_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
} as const satisfies ConstraintMeanings;

const usernameKey = (name: string) => name.normalize('NFC').toLowerCase();

/** Creates a user account. */
export async function createUser(context: UsersContext, input: CreateUserInput): Promise<CommandResult<UserModel>> {
  const parsed = parseInput(createUserInput, input);
  if (!parsed.ok) return parsed;
  const { id, username, email, profileData } = parsed.value;
  const user = {
    id: id ?? newEntityId(),
    username,
    usernameKey: usernameKey(username),
    email,
    emailKey: normaliseEmail(email),
    ...(profileData && { profileData }),
  };
  return runCommand(context, userConstraints, async (tx, publish) => {
    const inserted = await insertUser(tx, user);
    publish(userChange('USER_CREATED', inserted));
    return done(inserted);
  });
}

/** Changes the given fields of a user account. */
export async function updateUser(context: UsersContext, input: UpdateUserInput): Promise<CommandResult<UserModel>> {
  const parsed = parseInput(updateUserInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, username, email, profileData } = parsed.value;
  const change = {
    ...(username != null && { username, usernameKey: usernameKey(username) }),
    ...(email != null && { email, emailKey: normaliseEmail(email) }),
    ...(profileData != null && { profileData }),
  };
  const foreign = refuseForeignUser(context.principal, 'write:users', { id, field: 'id', noun: 'user' });
  if (foreign) return foreign;
  return runCommand(context, userConstraints, async (tx, publish) => {
    const user = await changeUser(tx, id, baseVersion ?? undefined, change);
    if (user) {
      publish(userChange('USER_UPDATED', user));
      return done(user);
    }
    const [current] = await findUsersById(tx, [id]);
    return current ? staleVersion(current.version) : notFound('id', 'user');
  });
}

/** Opens a session and notes the login on the user. */
export async function createSession(
  context: UsersContext,
  input: CreateSessionInput,
): Promise<CommandResult<SessionModel>> {
  const parsed = parseInput(createSessionInput, input);
  if (!parsed.ok) return parsed;
  const { id, userId, sessionType, metadata } = parsed.value;
  const appId = parsed.value.app ?? context.principal.app;
  const owner = { id: userId, field: 'userId', noun: 'user' };
  const foreign = refuseForeignUser(context.principal, 'write:sessions', owner);
  if (foreign) return foreign;
  return runCommand(context, sessionConstraints, async (tx, publish) => {
    const [app] = await findClientAppsById(tx, [appId]);
    if (!app) return notFound('app', 'client app');
    if (!app.sessionTypes.includes(sessionType)) {
      const known = app.sessionTypes.join(', ') || 'none';
      return refused('BAD_USER_INPUT', 'sessionType', `The session types of ${appId} are: ${known}.`);
    }
    const startedAt = new Date();
    const user = await noteLogin(tx, userId, startedAt);
    if (!user) return notFound('userId', 'user');
    const session = { id: id ?? newEntityId(), userId, appId, sessionType, startedAt, ...(metadata && { metadata }) };
    const inserted = await insertSession(tx, session);
    publish(sessionChange('SESSION_STARTED', inserted));
    publish(userChange('USER_LOGGED_IN', user));
    return done(inserted);
  });
}

/** Ends a session. Ending it again changes nothing. */
export async function endSession(context: UsersContext, input: EndSessionInput): Promise<CommandResult<SessionModel>> {
  const parsed = parseInput(endSessionInput, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, sessionConstraints, async (tx, publish) => {
    const [current] = await findSessionsById(tx, [id]);
    if (!current) return notFound('id', 'session');
    const owner = { id: current.userId, field: 'id', noun: 'session' };
    const foreign = refuseForeignUser(context.principal, 'write:sessions', owner);
    if (foreign) return foreign;
    const ended = await noteSessionEnd(tx, id, new Date());
    if (ended) {
      publish(sessionChange('SESSION_ENDED', ended));
      return done(ended);
    }
    const [session] = await findSessionsById(tx, [id]);
    return session ? unchanged(session) : notFound('id', 'session');
  });
}
