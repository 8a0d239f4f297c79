import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { SettingError } from '../../kernel/config/setting-error.ts';
import { readSettings } from '../../kernel/config/settings.ts';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import type { CommandResult } from '../../kernel/subgraph/input.ts';
import { createLogger } from '../../kernel/telemetry/logger.ts';
import type { TenantId } from '../../kernel/tenancy/ids.ts';
import { type KeyDesk, openKeyDesk } from '../../subgraphs/users/key-desk.ts';
import { explainFailure } from '../explain-failure.ts';
import { readEnd, readRateLimit, readTenant, readTenantName, required, type Values } from '../key-arguments.ts';
import { describeNewKey, listText } from '../key-text.ts';
import { reachDatabase } from '../reach-database.ts';

type Work = (desk: KeyDesk, tenantId: TenantId) => Promise<void>;

/** One of `create`, `list` and `revoke`. */
interface Action {
  readonly options: ParseArgsOptionsConfig;
  /** What stands after the action without a name of its own. */
  readonly operand?: string;
  /** Reads the command line, which says whether there is anything to do, before any database is reached. */
  prepare(values: Values, operand: string): Work;
}

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;
const sharedOptions = { tenant: text, 'data-dir': text, config: text } as const;

const actions: Readonly<Record<string, Action>> = {
  create: {
    options: {
      name: text,
      app: texts,
      permission: texts,
      role: texts,
      expires: text,
      'rate-limit': text,
      'new-tenant': text,
    },
    prepare: prepareCreation,
  },
  list: {
    options: {},
    prepare: () => async (desk, tenantId) => {
      await assertTenant(desk, tenantId);
      process.stdout.write(listText(await desk.listKeys(), new Date()));
    },
  },
  revoke: { options: {}, operand: 'the id or the prefix of the key', prepare: prepareRevocation },
};

/** Where an input field comes from on the command line. */
const flagOf: Readonly<Record<string, string>> = {
  name: '--name',
  allowedApps: '--app',
  permissions: '--permission',
  roles: '--role',
  expiresAt: '--expires',
  rateLimit: '--rate-limit',
};

function prepareCreation(values: Values): Work {
  const input = {
    name: required(values, 'name', 'a name by which people know the key'),
    allowedApps: [...(values.app ?? [])],
    permissions: values.permission ? [...values.permission] : null,
    roles: values.role ? [...values.role] : null,
    expiresAt: readEnd(values, new Date()),
    rateLimit: readRateLimit(values),
  };
  const newTenant = values['new-tenant'] === undefined ? undefined : readTenantName(String(values['new-tenant']));
  return async (desk, tenantId) => {
    if (newTenant === undefined) await assertTenant(desk, tenantId);
    else await createTenant(desk, tenantId, newTenant);
    const made = valueOrMistakes(await desk.createKey(input));
    process.stdout.write(`${made.key}\n`);
    process.stderr.write(describeNewKey(made.apiKey, input.roles ?? []));
  };
}

async function createTenant(desk: KeyDesk, tenantId: TenantId, name: string): Promise<void> {
  if (await desk.hasTenant()) throw new SettingError(`There is a tenant "${tenantId}". Leave out --new-tenant.`);
  await desk.createTenant(name);
  process.stderr.write(`The tenant ${tenantId} (${name}) was made.\n`);
}

function prepareRevocation(_: Values, idOrPrefix: string): Work {
  return async (desk, tenantId) => {
    await assertTenant(desk, tenantId);
    const result = await desk.revokeKey(idOrPrefix);
    if (!result) throw new SettingError(`The tenant "${tenantId}" has no key with the id or prefix "${idOrPrefix}".`);
    const { name, prefix, revokedAt } = valueOrMistakes(result);
    process.stdout.write(`${prefix} (${name}) was revoked at ${revokedAt?.toISOString()}.\n`);
  };
}

async function assertTenant(desk: KeyDesk, tenantId: TenantId): Promise<void> {
  if (await desk.hasTenant()) return;
  throw new SettingError(`There is no tenant "${tenantId}". \`keys create --new-tenant "<name>"\` makes one.`);
}

function valueOrMistakes<T>(result: CommandResult<T>): T {
  if (result.ok) return result.value;
  const lines = result.userErrors.map(({ field, message }) => {
    const [name = '', index] = (field ?? '').split('.');
    const place = index === undefined ? '' : ` (number ${Number(index) + 1})`;
    return `${flagOf[name] ?? 'The key'}${place}: ${message}`;
  });
  throw new SettingError(lines.join('\n'));
}

function readCommandLine(args: readonly string[]) {
  const [name = '', ...rest] = args;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!action) throw new SettingError(`Say what to do with keys: ${Object.keys(actions).join(', ')}.`);
  const options = { ...sharedOptions, ...action.options };
  const { values, positionals } = parseArgs({ args: rest, options, allowPositionals: action.operand !== undefined });
  const [operand, ...surplus] = positionals;
  if (action.operand !== undefined && (operand === undefined || surplus.length > 0)) {
    throw new SettingError(`Say ${action.operand}: panorama keys ${name} --tenant <tenant> <key>.`);
  }
  const tenantId = readTenant(values as Values);
  return { values, tenantId, work: action.prepare(values as Values, operand ?? '') };
}

/** `panorama keys`: makes, lists and revokes the API keys of a tenant, while the platform runs and while it does not. */
export async function keys(args: readonly string[]): Promise<void> {
  const { values, tenantId, work } = readCommandLine(args);
  const settings = readSettings({
    ...(typeof values['data-dir'] === 'string' && { PANORAMA_DATA_DIR: values['data-dir'] }),
    ...(typeof values.config === 'string' && { PANORAMA_CONFIG: values.config }),
  });
  const { ownerUrl, secret, close } = await reachDatabase(settings, (step) => process.stderr.write(`${step} ...\n`));
  const databaseUrl = connectionStringFor(ownerUrl, { app: 'users', secret });
  const desk = openKeyDesk({ databaseUrl, secret, tenantId, logger: createLogger(settings.LOG_LEVEL) });
  try {
    await work(desk, tenantId);
  } catch (error) {
    throw explainFailure(error, 'users');
  } finally {
    await desk.stop();
    await close();
  }
}
