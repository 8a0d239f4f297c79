import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { type LogLevel, logLevels } from '../telemetry/logger.ts';
import { type AdmissionConfig, admissionSections } from './admission-config.ts';
import { type PlatformAuth, platformAuth } from './auth-config.ts';
import { readYamlMap } from './read-yaml.ts';
import { httpUrl, mistakesIn, section } from './section.ts';
import { SettingError } from './setting-error.ts';

/** What an operator can set; `docs/operations.md` has the same list, and a test keeps the two equal. */
export interface Settings {
  readonly PORT: number;
  readonly HOST: string;
  readonly PANORAMA_DATA_DIR: string;
  readonly PANORAMA_CONFIG: string;
  readonly DATABASE_URL: string | undefined;
  readonly NATS_URL: string | undefined;
  readonly PANORAMA_SECRET: string | undefined;
  readonly PANORAMA_DEMO: boolean;
  readonly LOG_LEVEL: LogLevel;
  readonly PANORAMA_INTROSPECTION: boolean;
  /** For how long the change log is kept. */
  readonly PANORAMA_RETENTION_DAYS: number;
  /** The folder of backups; `backups` in the data directory by default. */
  readonly PANORAMA_BACKUP_DIR: string;
  /** For how long the files of backups are kept. */
  readonly PANORAMA_BACKUP_DAYS: number;
  /** Whether the apps of this process react to events. */
  readonly PANORAMA_REACTIONS: boolean;
  /** Where e-mail is handed in. */
  readonly SMTP_URL: string | undefined;
  /** Who it is from. */
  readonly MAIL_FROM: string | undefined;
  /** The section `auth` of the file; the environment has no place for it. */
  readonly auth: PlatformAuth | undefined;
  /** The sections of the file that say what is let in. */
  readonly admission: AdmissionConfig;
  /** The section `apps` of the file: where an app that is a process of its own finds others, by their names. */
  readonly apps: Readonly<Record<string, { readonly url: string }>>;
  /** The section `webhooks` of the file: whether they may lead to addresses that are not public. */
  readonly webhooks: { readonly allowPrivate?: boolean };
}

const doorDefaults = { PORT: 4000, HOST: '127.0.0.1', LOG_LEVEL: 'info' } as const;

type SettingName = Exclude<keyof Settings, 'auth' | 'admission' | 'apps' | 'webhooks'>;
type RawSettings = Partial<Record<SettingName, string>>;

interface SettingRule {
  readonly allowed: string;
  /** Undefined when the text is not allowed. */
  readonly read: (text: string) => string | number | boolean | undefined;
  readonly isSecret?: true;
}

const oneOf = (...values: readonly string[]): SettingRule => ({
  allowed: values.join(', '),
  read: (text) => (values.includes(text) ? text : undefined),
});
const anyText = (allowed: string): SettingRule => ({ allowed, read: (text) => text.trim() || undefined });
const trueOrFalse: SettingRule = { allowed: 'true, false', read: (text) => ({ true: true, false: false })[text] };
const url = (...protocols: readonly string[]): SettingRule => ({
  allowed: `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  read: (text) => (URL.canParse(text) && protocols.includes(new URL(text).protocol) ? text : undefined),
  isSecret: true,
});

const rules: Readonly<Record<SettingName, SettingRule>> = {
  PORT: {
    allowed: 'a whole number from 0 to 65535 (0 takes a free port)',
    read: (text) => (/^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined),
  },
  HOST: anyText('a host name or an IP address to listen on'),
  PANORAMA_DATA_DIR: anyText('a folder'),
  PANORAMA_CONFIG: anyText('a file'),
  DATABASE_URL: url('postgres:', 'postgresql:'),
  NATS_URL: url('nats:', 'tls:'),
  PANORAMA_SECRET: {
    allowed: 'at least 32 characters that nobody can guess',
    read: (text) => (text.length >= 32 ? text : undefined),
    isSecret: true,
  },
  PANORAMA_DEMO: trueOrFalse,
  LOG_LEVEL: oneOf(...logLevels),
  PANORAMA_INTROSPECTION: trueOrFalse,
  PANORAMA_RETENTION_DAYS: {
    allowed: 'a whole number of days from 7 to 3650',
    read: (text) => (/^\d{1,4}$/.test(text) && Number(text) >= 7 && Number(text) <= 3650 ? Number(text) : undefined),
  },
  PANORAMA_BACKUP_DIR: anyText('a folder'),
  PANORAMA_BACKUP_DAYS: {
    allowed: 'a whole number of days from 1 to 3650',
    read: (text) => (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 3650 ? Number(text) : undefined),
  },
  PANORAMA_REACTIONS: trueOrFalse,
  SMTP_URL: url('smtp:', 'smtps:'),
  MAIL_FROM: {
    allowed: 'an e-mail address, or a name with one in angle brackets',
    read: (text) => (/^([^\s<>"@]+@[^\s<>"@]+|[^\r\n<>"]+ <[^\s<>"@]+@[^\s<>"@]+>)$/.test(text) ? text : undefined),
  },
};

/** The names of all settings. */
export const settingNames = Object.keys(rules) as readonly SettingName[];

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(rules, name);
}

function unknownSetting(name: string, place: string): SettingError {
  return new SettingError(
    `There is no setting ${name} (found in ${place}). The settings are: ${settingNames.join(', ')}.`,
  );
}

/** Reads the settings of the environment; any other variable that begins with `PANORAMA_` is a mistake. */
function readEnvironment(environment: Readonly<Record<string, string | undefined>>): RawSettings {
  const found: RawSettings = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '') continue;
    if (isSettingName(name)) found[name] = value;
    else if (name.startsWith('PANORAMA_')) throw unknownSetting(name, 'the environment');
  }
  return found;
}

/** What only the file has a place for. */
const fileSections = {
  auth: platformAuth.exactOptional(),
  apps: z.record(z.string(), section({ url: httpUrl })).exactOptional(),
  webhooks: section({ allowPrivate: z.boolean().exactOptional() }).exactOptional(),
  ...admissionSections,
};

interface FileSettings {
  readonly raw: RawSettings;
  readonly auth: PlatformAuth | undefined;
  readonly admission: AdmissionConfig;
  readonly apps: Settings['apps'];
  readonly webhooks: Settings['webhooks'];
}

/** Reads the settings of a `panorama.yaml`: a map of the same names, and the sections. */
function readFile(file: string): FileSettings {
  const raw: RawSettings = {};
  const sections: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(readYamlMap(file))) {
    if (Object.hasOwn(fileSections, name)) sections[name] = value;
    else if (isSettingName(name)) raw[name] = String(value);
    else throw unknownSetting(name, file);
  }
  const parsed = section(fileSections).safeParse(sections);
  if (!parsed.success) throw mistakesIn(file, 'a settings file', parsed.error);
  const { auth, apps = {}, webhooks = {}, ...admission } = parsed.data;
  return { raw, auth, admission, apps, webhooks };
}

/** The values of a kind, read by their rules. Throws a `SettingError` that gives name, value and what is allowed. */
function readValues(raw: RawSettings): Partial<Settings> {
  const values: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(raw) as [SettingName, string][]) {
    const value = rules[name].read(text);
    if (value === undefined) {
      const shown = rules[name].isSecret ? 'the value given' : `"${text}"`;
      throw new SettingError(`${name} cannot be ${shown}. Allowed: ${rules[name].allowed}.`);
    }
    values[name] = value;
  }
  return values as Partial<Settings>;
}

/**
 * The settings: those of the command line before those of the environment, those of the file, and the defaults. The
 * only reader of the process's environment.
 */
export function readSettings(flags: RawSettings = {}, environment = process.env): Settings {
  const outer = { ...readEnvironment(environment), ...flags };
  const configFile = outer.PANORAMA_CONFIG ?? 'panorama.yaml';
  const inFile = outer.PANORAMA_CONFIG !== undefined || existsSync(configFile) ? readFile(configFile) : undefined;
  const given = readValues({ ...inFile?.raw, ...outer });
  const demo = given.PANORAMA_DEMO ?? given.DATABASE_URL === undefined;
  const directory = resolve(given.PANORAMA_DATA_DIR ?? '.panorama');
  return Object.freeze({
    ...doorDefaults,
    DATABASE_URL: undefined,
    NATS_URL: undefined,
    PANORAMA_SECRET: undefined,
    PANORAMA_DEMO: demo,
    PANORAMA_INTROSPECTION: demo,
    PANORAMA_RETENTION_DAYS: 30,
    PANORAMA_BACKUP_DAYS: 30,
    PANORAMA_REACTIONS: true,
    SMTP_URL: undefined,
    MAIL_FROM: undefined,
    ...given,
    auth: inFile?.auth,
    admission: inFile?.admission ?? {},
    apps: inFile?.apps ?? {},
    webhooks: inFile?.webhooks ?? {},
    PANORAMA_CONFIG: resolve(configFile),
    PANORAMA_DATA_DIR: directory,
    PANORAMA_BACKUP_DIR: resolve(given.PANORAMA_BACKUP_DIR ?? join(directory, 'backups')),
  });
}

/** Of the settings, those that matter to a gateway without apps. Its file is of another kind: see `gateway-config.ts`. */
export type GatewaySettings = Pick<Settings, 'PORT' | 'HOST' | 'LOG_LEVEL'> &
  Partial<
    Pick<Settings, 'DATABASE_URL' | 'PANORAMA_CONFIG' | 'PANORAMA_DEMO' | 'PANORAMA_INTROSPECTION' | 'PANORAMA_SECRET'>
  >;

/** The settings of `panorama gateway`: those of the command line before those of the environment and the defaults. */
export function readGatewaySettings(flags: RawSettings = {}, environment = process.env): GatewaySettings {
  return Object.freeze({ ...doorDefaults, ...readValues({ ...readEnvironment(environment), ...flags }) });
}
