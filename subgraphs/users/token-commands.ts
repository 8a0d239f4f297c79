import { z } from 'zod';
import type { IssueTokenInput } from '../../generated/graphql/users.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, refused } from '../../kernel/subgraph/input.ts';
import { accessTokenMaxSeconds, createAccessTokenIssuer } from '../../kernel/tenancy/access-token.ts';
import { tokenIssue } from './access-changes.ts';
import { appName, checkHeld, permissionList } from './access-input.ts';
import type { UsersContext } from './loaders.ts';
import { findApiKeysById } from './store/keys.ts';
import { type ApiKeyModel, findUsersById, type UsersTransaction } from './store.ts';

/** A token that was just given out. */
export interface IssuedToken {
  readonly token: string;
  readonly expiresAt: Date;
}

const lifetimes = `A token lives 1 to ${accessTokenMaxSeconds} seconds.`;
const issueTokenInput = z.object({
  app: appName(),
  userId: entityId().nullish(),
  permissions: permissionList().nullish(),
  ttlSeconds: z.int().min(1, lifetimes).max(accessTokenMaxSeconds, lifetimes).nullish(),
});
type TokenRequest = z.output<typeof issueTokenInput>;

/** The key that a request came with. A token names its key, but is none: so no token is exchanged for another. */
async function findOwnKey(tx: UsersTransaction, { principal }: UsersContext): Promise<CommandResult<ApiKeyModel>> {
  const [key] = await findApiKeysById(tx, [principal.credentialId]);
  return key ? done(key) : refused('FORBIDDEN', null, 'Only an API key can be exchanged for a token.');
}

async function checkBounds(
  tx: UsersTransaction,
  { app, userId }: TokenRequest,
  { allowedApps }: ApiKeyModel,
): Promise<CommandResult<true>> {
  if (!allowedApps.includes(app) && !allowedApps.includes('*')) {
    return refused('FORBIDDEN', 'app', `This API key may not be used from ${app}.`);
  }
  const isKnown = userId == null || (await findUsersById(tx, [userId])).length > 0;
  return isKnown ? done(true) : refused('NOT_FOUND', 'userId', 'There is no user with this id.');
}

/** When a token ends: after what was asked for, and with its key at the latest. */
function endOf({ ttlSeconds }: TokenRequest, { expiresAt }: ApiKeyModel): Date {
  const end = Date.now() + (ttlSeconds ?? accessTokenMaxSeconds) * 1000;
  return new Date(Math.min(end, expiresAt?.getTime() ?? end));
}

/**
 * Exchanges the API key that the request came with for a token: for one app that the key is allowed to be used from, with
 * no more than the key may do, for at most an hour. Nothing is written but the record of it.
 */
export async function issueToken(context: UsersContext, input: IssueTokenInput): Promise<CommandResult<IssuedToken>> {
  const parsed = parseInput(issueTokenInput, input);
  if (!parsed.ok) return parsed;
  const request = parsed.value;
  const permissions = request.permissions ?? context.principal.permissions;
  const held = checkHeld(context, permissions, 'permissions');
  if (!held.ok) return held;
  return await runCommand(context, {}, async (tx, publish): Promise<CommandResult<IssuedToken>> => {
    const key = await findOwnKey(tx, context);
    if (!key.ok) return key;
    const bounds = await checkBounds(tx, request, key.value);
    if (!bounds.ok) return bounds;
    const expiresAt = endOf(request, key.value);
    const { app, userId } = request;
    publish(tokenIssue(key.value, { app, userId: userId ?? null, permissions, expiresAt }));
    const grant = { tenantId: context.tenantId, app, userId: userId ?? undefined, permissions, keyId: key.value.id };
    return done({ token: createAccessTokenIssuer(context.secret)({ ...grant, expiresAt }), expiresAt });
  });
}
