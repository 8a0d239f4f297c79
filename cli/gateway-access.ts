import type { Access } from '../gateway/admission/authenticate.ts';
import { createAuthenticator } from '../gateway/admission/authenticator.ts';
import { principalOf } from '../gateway/admission/identity.ts';
import type { RateLimitStore } from '../gateway/admission/rate-limit.ts';
import { createTokenReader } from '../gateway/admission/read-token.ts';
import { type AuditLog, logAuditRecords } from '../kernel/audit/audit-log.ts';
import type { GatewayConfig } from '../kernel/config/gateway-config.ts';
import { SettingError } from '../kernel/config/setting-error.ts';
import type { GatewaySettings } from '../kernel/config/settings.ts';
import { connectionStringFor } from '../kernel/data/app-role.ts';
import { migrate } from '../kernel/data/migrate.ts';
import { useCounterSchema } from '../kernel/data/use-counter.ts';
import type { Logger } from '../kernel/telemetry/logger.ts';
import { openAudit, openCounter } from './gateway-database.ts';
import type { Started } from './started.ts';

/** Who is let in by a gateway without apps, and where it is noted who is not. */
export interface GatewayAccess {
  readonly access: Access;
  /** Who is nobody leaves no record. */
  readonly audit: AuditLog | undefined;
  /** Where use is counted for all gateways on the database; undefined where each counts for itself. */
  readonly store?: RateLimitStore | undefined;
}

interface AccessParts {
  readonly config: GatewayConfig;
  readonly settings: GatewaySettings;
  readonly logger: Logger;
  readonly started: Started;
}

/** What the file leaves to a setting. Throws `SettingError` where that is not set. */
export function settingFor(settings: GatewaySettings, name: 'PANORAMA_SECRET' | 'DATABASE_URL', key: string): string {
  const value = settings[name];
  if (value !== undefined) return value;
  throw new SettingError(`The configuration has \`${key}\`, which needs the setting ${name}.`);
}

/** Who may send what. Without a section `auth` everyone may. */
export async function openGatewayAccess(parts: AccessParts): Promise<GatewayAccess> {
  const { config, settings, logger } = parts;
  const { auth } = config;
  const introspection = settings.PANORAMA_INTROSPECTION ?? config.introspection ?? !auth;
  if (!auth) return { access: { kind: 'anonymous', introspection }, audit: undefined };
  const rest = { kind: 'authenticated', introspection, admitsAnonymous: auth.anonymous ?? false } as const;
  if (auth.apiKeys) {
    const { authenticator, ...database } = await openKeys(parts);
    return { access: { ...rest, authenticator }, ...database };
  }
  const secret = auth.accessTokens ? settingFor(settings, 'PANORAMA_SECRET', 'auth.accessTokens') : undefined;
  const readToken = createTokenReader({ secret, jwt: auth.jwt, logger });
  const authenticator = createAuthenticator({ readToken, principalFor: principalOf });
  return { access: { ...rest, authenticator }, audit: logAuditRecords(logger) };
}

/** Takes credentials as the platform does: what keys and tokens are worth, the tables of the users app say. */
async function openKeys({ config: { auth, rateLimit }, settings, logger, started }: AccessParts) {
  const secret = settingFor(settings, 'PANORAMA_SECRET', 'auth.apiKeys');
  const ownerUrl = settingFor(settings, 'DATABASE_URL', 'auth.apiKeys');
  const onProgress = (step: string) => logger.info(step);
  await migrate({ connectionString: ownerUrl, apps: [useCounterSchema], secret, onProgress });
  const { openKeyAuthenticator } = await import('../subgraphs/users/authenticate.ts');
  const databaseUrl = connectionStringFor(ownerUrl, { app: 'users', secret });
  const keys = openKeyAuthenticator({ databaseUrl, secret, demo: settings.PANORAMA_DEMO ?? false });
  await started.add(Promise.resolve(keys), (one) => one.stop());
  const authenticator = createAuthenticator({
    readKey: keys.authenticate,
    readToken: createTokenReader({ secret: auth?.accessTokens ? secret : undefined, jwt: auth?.jwt, logger }),
    principalFor: keys.principalFor,
  });
  const database = { ownerUrl, secret, logger, started };
  const store = rateLimit?.store === 'postgres' ? await openCounter(database) : undefined;
  return { authenticator, audit: await openAudit(database), store };
}
