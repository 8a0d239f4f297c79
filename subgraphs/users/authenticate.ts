import { LRUCache } from 'lru-cache';
import { PrismaClient } from '../../generated/prisma/users/client.ts';
import { createTenantDatabase } from '../../kernel/data/tenant-database.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { apiKeyMaxLength, digestApiKey } from '../../kernel/tenancy/api-key.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal, type Principal } from '../../kernel/tenancy/principal.ts';
import { type ApiKeyRow, findApiKeyByDigest, findTenant } from './store.ts';

/** What checking API keys needs. */
export interface KeyAuthenticatorOptions {
  /** Connection string of the users app's role. */
  readonly databaseUrl: string;
  /** The platform's secret, under which digests are made. */
  readonly secret: string;
  /** Whether demo keys are accepted. */
  readonly demo: boolean;
}

/** Checks API keys. */
export interface KeyAuthenticator {
  /** The principal of a key and the app it is used from. Throws `UNAUTHENTICATED` or `FORBIDDEN`. */
  authenticate(key: string, sourceApp: string | undefined): Promise<Principal>;
  stop(): Promise<void>;
}

/** How long a verdict on a key is kept, in milliseconds: a revoked key is refused after this time at the latest. */
const verdictLifetime = 2_000;
const maxVerdicts = 10_000;

/** A key that was found and belongs to an active tenant; null for one that was not. */
type Verdict = { readonly key: ApiKeyRow | null };

function refusal(): PanoramaError {
  return new PanoramaError('UNAUTHENTICATED', 'This API key is not known, or no longer valid.');
}

/** Opens a checker of API keys on a small pool of its own, so that busy resolvers do not keep requests at the door. */
export function openKeyAuthenticator({ databaseUrl, secret, demo }: KeyAuthenticatorOptions): KeyAuthenticator {
  const database = createTenantDatabase({
    connectionString: databaseUrl,
    createClient: (adapter) => new PrismaClient({ adapter }),
    poolSize: 2,
  });
  async function lookUpKey(digest: string): Promise<Verdict> {
    const key = await database.lookUp({ key_digest: digest }, (tx) => findApiKeyByDigest(tx, digest));
    if (!key || (key.isDemo && !demo)) return { key: null };
    const tenant = await database.read({ tenantId: parseTenantId(key.tenantId) }, findTenant);
    return { key: tenant?.isActive ? key : null };
  }

  // Requests that come with the same key at the same time wait for one look-up.
  const verdicts = new LRUCache<string, Verdict>({ max: maxVerdicts, ttl: verdictLifetime, fetchMethod: lookUpKey });

  async function authenticate(text: string, sourceApp: string | undefined): Promise<Principal> {
    if (text.length > apiKeyMaxLength) throw refusal();
    const digest = digestApiKey(secret, text).toString('hex');
    const { key } = await verdicts.forceFetch(digest);
    const now = new Date();
    if (!key || key.revokedAt || (key.expiresAt && key.expiresAt <= now)) throw refusal();
    return createPrincipal({
      tenantId: parseTenantId(key.tenantId),
      app: chooseApp(key, sourceApp),
      credentialId: key.id,
      userId: undefined,
      permissions: key.permissions,
    });
  }

  return { authenticate, stop: () => database.stop() };
}

/** The app that a request comes from: the one it names, if the key allows it, else the key's first. */
function chooseApp(key: ApiKeyRow, named: string | undefined): string {
  const app = named ?? key.allowedApps[0];
  if (app !== undefined && (key.allowedApps.includes(app) || (key.allowedApps.includes('*') && app.length <= 64))) {
    return app;
  }
  throw new PanoramaError('FORBIDDEN', 'This API key may not be used from the app named in `x-source-app`.');
}
