import { z } from 'zod';
import type { CreateApiKeyInput, RevokeApiKeyInput } from '../../generated/graphql/users.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { appMatrix, matrixPermissions } from '../../kernel/permissions/app-matrix.ts';
import type { Permission } from '../../kernel/permissions/permission.ts';
import { notFound, runCommand } from '../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  done,
  entityId,
  parseInput,
  refused,
  text,
  unchanged,
} from '../../kernel/subgraph/input.ts';
import { keyOfCredential } from '../../kernel/tenancy/access-token.ts';
import { digestApiKey, makeApiKey } from '../../kernel/tenancy/api-key.ts';
import { keyChange, roleAssignment } from './access-changes.ts';
import {
  appName,
  checkHeld,
  type GiverContext,
  giverId,
  laterInstant,
  permissionList,
  roleName,
} from './access-input.ts';
import { findApiKeysById, insertApiKey, noteRevocation } from './store/keys.ts';
import { findRolesByName, insertRoleAssignments } from './store/roles.ts';
import type { ApiKeyModel, RoleModel, UsersTransaction } from './store.ts';

/** A key that was just made, with the text that opens the door. */
export interface MadeApiKey {
  readonly apiKey: ApiKeyModel;
  readonly key: string;
}

const createApiKeyInput = z.object({
  name: text(100),
  allowedApps: z
    .array(z.literal('*').or(appName()))
    .min(1, 'Name at least one app, or `*`.')
    .max(50, 'Use at most 50 apps.'),
  permissions: permissionList().nullish(),
  roles: z.array(roleName()).max(20, 'Use at most 20 roles.').nullish(),
  rateLimit: z.int().min(1, 'A limit is 1 or more.').max(1_000_000_000, 'A limit is at most 1,000,000,000.').nullish(),
  expiresAt: laterInstant().nullish(),
});
type KeyDraft = z.output<typeof createApiKeyInput>;

const revokeApiKeyInput = z.object({ id: entityId() });

/** What the key may do by itself: what was asked for, nothing beside roles, or what the matrix gives to its only app. */
function choosePermissions({ permissions, roles, allowedApps }: KeyDraft): CommandResult<readonly Permission[]> {
  if (permissions) return done(permissions);
  if (roles && roles.length > 0) return done([]);
  const [app = '', ...others] = allowedApps;
  const ofApp = others.length === 0 ? matrixPermissions(app) : undefined;
  if (ofApp) return done(ofApp);
  const apps = Object.keys(appMatrix).join(', ');
  return refused(
    'BAD_USER_INPUT',
    'permissions',
    `Say permissions or roles; only a key for one of ${apps} has its own.`,
  );
}

/** Finds roles by name; one that is missing refuses the command. */
async function findRolesNamed(tx: UsersTransaction, names: readonly string[]): Promise<CommandResult<RoleModel[]>> {
  const roles = await findRolesByName(tx, names);
  const missing = names.filter((name) => !roles.some((role) => role.name === name));
  return missing.length > 0 ? refused('NOT_FOUND', 'roles', `There is no role ${missing.join(', ')}.`) : done(roles);
}

/** A key that makes a key gives no more than its own apps and its own time. */
async function checkMaker(
  tx: UsersTransaction,
  { principal }: GiverContext,
  { allowedApps, expiresAt }: KeyDraft,
): Promise<CommandResult<true>> {
  const [maker] = await findApiKeysById(tx, [keyOfCredential(principal.credentialId)]);
  if (!maker) return done(true);
  const foreign = maker.allowedApps.includes('*') ? [] : allowedApps.filter((app) => !maker.allowedApps.includes(app));
  if (foreign.length > 0) {
    return refused('FORBIDDEN', 'allowedApps', `The key that makes this one is not for ${foreign.join(', ')}.`);
  }
  if (maker.expiresAt && !(expiresAt && expiresAt <= maker.expiresAt)) {
    const end = maker.expiresAt.toISOString();
    return refused(
      'FORBIDDEN',
      'expiresAt',
      `The key that makes this one ends at ${end}; this one may not outlive it.`,
    );
  }
  return done(true);
}

/** Makes an API key and gives it its roles. */
export async function createApiKey(
  context: GiverContext,
  input: CreateApiKeyInput,
): Promise<CommandResult<MadeApiKey>> {
  const parsed = parseInput(createApiKeyInput, input);
  if (!parsed.ok) return parsed;
  const { name, allowedApps, roles: roleNames, rateLimit, expiresAt } = parsed.value;
  const chosen = choosePermissions(parsed.value);
  if (!chosen.ok) return chosen;
  return runCommand(context, {}, async (tx, publish) => {
    const roles = await findRolesNamed(tx, roleNames ?? []);
    if (!roles.ok) return roles;
    const ofRoles = roles.value.flatMap(({ permissions }) => permissions);
    const checks = [
      checkHeld(context, chosen.value, 'permissions'),
      checkHeld(context, ofRoles, 'roles'),
      await checkMaker(tx, context, parsed.value),
    ];
    for (const check of checks) if (!check.ok) return check;
    const { key, prefix } = makeApiKey();
    const createdBy = giverId(context);
    const apiKey = await insertApiKey(tx, {
      id: newEntityId(),
      name,
      prefix,
      digest: Uint8Array.from(digestApiKey(context.secret, key)),
      permissions: [...chosen.value],
      allowedApps: [...new Set(allowedApps)],
      rateLimit: rateLimit ?? null,
      expiresAt: expiresAt ?? null,
      createdBy,
    });
    const assignments = roles.value.map((role) => ({
      id: newEntityId(),
      roleId: role.id,
      keyId: apiKey.id,
      createdBy,
    }));
    publish(keyChange('API_KEY_CREATED', apiKey));
    for (const assignment of await insertRoleAssignments(tx, assignments)) publish(roleAssignment(assignment));
    return done({ apiKey, key });
  });
}

/** Takes an API key back: within seconds it opens nothing any more. Taking it back again changes nothing. */
export async function revokeApiKey(
  context: Pick<GiverContext, 'mutation' | 'forgetLoaded'>,
  input: RevokeApiKeyInput,
): Promise<CommandResult<ApiKeyModel>> {
  const parsed = parseInput(revokeApiKeyInput, input);
  if (!parsed.ok) return parsed;
  const { id } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const revoked = await noteRevocation(tx, id, new Date());
    if (revoked) {
      publish(keyChange('API_KEY_REVOKED', revoked));
      return done(revoked);
    }
    const [apiKey] = await findApiKeysById(tx, [id]);
    return apiKey ? unchanged(apiKey) : notFound('id', 'API key');
  });
}
