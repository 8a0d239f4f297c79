import { LRUCache } from 'lru-cache';
import { PrismaClient } from '../../generated/prisma/users/client.ts';
import { createTenantDatabase } from '../../kernel/data/tenant-database.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { commonPermissions } from '../../kernel/permissions/compare-permissions.ts';
import { isPermission } from '../../kernel/permissions/permission.ts';
import { digestApiKey, isApiKey } from '../../kernel/tenancy/api-key.ts';
import { isAppName } from '../../kernel/tenancy/app-name.ts';
import { noteHolder } from '../../kernel/tenancy/credential-holder.ts';
import type { Identity } from '../../kernel/tenancy/identity.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal, type Principal, type PrincipalLimits } from '../../kernel/tenancy/principal.ts';
import { refuseApp, refuseCredential } from './credential-refusals.ts';
import { expandRoles } from './role-conditions.ts';
import { findApiKeyByDigest, findApiKeysById } from './store/keys.ts';
import { findGrantedRoles, findRolesByName, type GrantedRole } from './store/roles.ts';
import { type ApiKeyModel, findTenant, type UsersTransaction } from './store.ts';

/** What making principals needs. */
export interface KeyAuthenticatorOptions {
  /** Connection string of the users app's role. */
  readonly databaseUrl: string;
  /** The platform's secret, under which digests are made. */
  readonly secret: string;
  /** Whether demo keys are accepted. */
  readonly demo: boolean;
}

/** Makes principals of what requests bring. All verdicts are kept for two seconds, so a revocation holds after that. */
export interface KeyAuthenticator {
  /** The principal of a key and the app it is used from. Throws `UNAUTHENTICATED` or `FORBIDDEN` with a `reason`. */
  authenticate(key: string, sourceApp: string | undefined): Promise<Principal>;
  /**
   * The principal of a token whose signature, times, issuer and audience are verified. Its roles, and those that the
   * tenant gave its user unless it came from a key, become permissions; what came from a key is cut down to what the key
   * holds. Equal claims give the same object for two seconds. Throws `UNAUTHENTICATED` or `FORBIDDEN` with a `reason`:
   * TENANT_INACTIVE, KEY_REVOKED, KEY_EXPIRED, TOKEN_EXPIRED, APP_NOT_ALLOWED.
   */
  principalFor(claims: Identity): Promise<Principal>;
  stop(): Promise<void>;
}

/** How long a verdict is kept, in milliseconds: a revoked key is refused after this time at the latest. */
const verdictLifetime = 2_000;
const maxVerdicts = 10_000;
/** Of a key that is allowed everywhere: more apps than this are those of someone who makes up names. */
const maxAppsPerVerdict = 32;

/** What the tenant knows of a key. */
interface KeyStanding {
  readonly key: ApiKeyModel;
  readonly isTenantActive: boolean;
  readonly roles: readonly GrantedRole[];
  /** One for each app that the key was used from. */
  readonly principals: Map<string, Principal>;
}

/** What the tenant knows of a token's claims. */
interface TokenStanding {
  /** Of the key that the token came from; undefined where it came from none. */
  readonly ofKey: KeyStanding | undefined;
  readonly isTenantActive: boolean;
  readonly roles: readonly GrantedRole[];
}

/** Refusals are kept too: whoever repeats one costs nothing. */
type Verdict<T> = { readonly value: T } | { readonly refusal: PanoramaError };

/** Opens a maker of principals on a small pool of its own, so that busy resolvers do not keep requests at the door. */
export function openKeyAuthenticator({ databaseUrl, secret, demo }: KeyAuthenticatorOptions): KeyAuthenticator {
  const database = createTenantDatabase({
    connectionString: databaseUrl,
    createClient: (adapter) => new PrismaClient({ adapter }),
    poolSize: 2,
  });

  // What is looked up and compared is the HMAC of a key, so the time that it takes tells nothing of any key.
  async function findKey(digest: string): Promise<Verdict<KeyStanding>> {
    const key = await database.lookUp({ key_digest: digest }, (tx) => findApiKeyByDigest(tx, digest));
    if (!key || (key.isDemo && !demo)) return { refusal: refuseCredential('KEY_UNKNOWN') };
    return { value: await database.read({ tenantId: parseTenantId(key.tenantId) }, (tx) => readKeyStanding(tx, key)) };
  }

  async function judgeToken(claims: Identity): Promise<Verdict<Principal>> {
    try {
      return { value: principalOfToken(await database.read(claims, (tx) => readTokenStanding(tx, claims)), claims) };
    } catch (error) {
      noteHolder(error, claims);
      if (error instanceof PanoramaError) return { refusal: error };
      throw error;
    }
  }

  // Requests that come with the same key, or with equal claims, at the same time wait for one look-up.
  const cacheOptions = { max: maxVerdicts, ttl: verdictLifetime };
  const keys = new LRUCache<string, Verdict<KeyStanding>>({ ...cacheOptions, fetchMethod: findKey });
  const tokens = new LRUCache<string, Verdict<Principal>, Identity>({
    ...cacheOptions,
    fetchMethod: (_text, _stale, { context }) => judgeToken(context),
  });

  async function authenticate(text: string, sourceApp: string | undefined): Promise<Principal> {
    if (!isApiKey(text, demo)) throw refuseCredential('KEY_UNKNOWN');
    const standing = accepted(await keys.forceFetch(digestApiKey(secret, text).toString('hex')));
    const app = appOfUse(standing, sourceApp);
    const known = standing.principals.get(app);
    if (known) return known;
    const principal = principalOfKey(standing, app);
    if (standing.principals.size < maxAppsPerVerdict) standing.principals.set(app, principal);
    return principal;
  }

  async function principalFor(claims: Identity): Promise<Principal> {
    if (claims.expiresAt <= Date.now()) {
      const refusal = refuseCredential('TOKEN_EXPIRED');
      noteHolder(refusal, claims);
      throw refusal;
    }
    return accepted(await tokens.forceFetch(JSON.stringify(claims), { context: claims }));
  }

  return { authenticate, principalFor, stop: () => database.stop() };
}

function accepted<T>(verdict: Verdict<T>): T {
  if ('refusal' in verdict) throw verdict.refusal;
  return verdict.value;
}

async function readKeyStanding(tx: UsersTransaction, key: ApiKeyModel): Promise<KeyStanding> {
  const [tenant, roles] = await Promise.all([findTenant(tx), findGrantedRoles(tx, { keyId: key.id })]);
  return { key, isTenantActive: tenant?.isActive === true, roles, principals: new Map() };
}

async function readTokenStanding(tx: UsersTransaction, claims: Identity): Promise<TokenStanding> {
  const named = (await findRolesByName(tx, claims.roles)).map((role) => ({ ...role, validUntil: null }));
  if (claims.keyId !== undefined) {
    const [key] = await findApiKeysById(tx, [claims.keyId]);
    if (!key) throw refuseCredential('KEY_UNKNOWN');
    const ofKey = await readKeyStanding(tx, key);
    return { ofKey, isTenantActive: ofKey.isTenantActive, roles: named };
  }
  const tenant = await findTenant(tx);
  const ofUser = claims.userId === undefined ? [] : await findGrantedRoles(tx, { userId: claims.userId });
  return { ofKey: undefined, isTenantActive: tenant?.isActive === true, roles: [...named, ...ofUser] };
}

/** The app that a request with a usable key comes from. */
function appOfUse(standing: KeyStanding, named: string | undefined): string {
  const { key } = standing;
  try {
    assertUsable(standing);
    return chooseApp(key, named);
  } catch (refusal) {
    const holder = { tenantId: parseTenantId(key.tenantId), credentialId: key.id, userId: undefined };
    noteHolder(refusal, { ...holder, app: named ?? key.allowedApps[0] });
    throw refusal;
  }
}

function assertUsable({ key, isTenantActive }: KeyStanding): void {
  if (key.revokedAt) throw refuseCredential('KEY_REVOKED');
  if (key.expiresAt && key.expiresAt.getTime() <= Date.now()) throw refuseCredential('KEY_EXPIRED');
  if (!isTenantActive) throw refuseCredential('TENANT_INACTIVE');
}

/** The app that a request comes from: the one it names, if the key allows it, else the key's first. */
function chooseApp({ allowedApps }: ApiKeyModel, named: string | undefined): string {
  const app = named ?? allowedApps[0];
  const isAllowed = app !== undefined && isAppName(app) && (allowedApps.includes(app) || allowedApps.includes('*'));
  if (!isAllowed) throw refuseApp(named);
  return app;
}

function limitsOf({ rateLimit }: ApiKeyModel): PrincipalLimits {
  return rateLimit === null ? {} : { costPerMinute: rateLimit };
}

function principalOfKey({ key, roles }: KeyStanding, app: string): Principal {
  const { names, permissions } = expandRoles(roles, app, new Date());
  return createPrincipal({
    tenantId: parseTenantId(key.tenantId),
    app,
    credentialId: key.id,
    userId: undefined,
    roles: names,
    permissions: [...new Set([...key.permissions, ...permissions])],
    limits: limitsOf(key),
    expiresAt: key.expiresAt?.getTime(),
  });
}

function principalOfToken({ ofKey, isTenantActive, roles }: TokenStanding, claims: Identity): Principal {
  const { tenantId, app, userId } = claims;
  if (!isTenantActive) throw refuseCredential('TENANT_INACTIVE');
  if (!isAppName(app)) throw refuseApp(app);
  const { names, permissions } = expandRoles(roles, app, new Date());
  const claimed = [...new Set([...claims.permissions.filter(isPermission), ...permissions])];
  const fields = { tenantId, app, userId, roles: names };
  if (!ofKey) {
    const { credentialId, expiresAt } = claims;
    return createPrincipal({ ...fields, credentialId, permissions: claimed, expiresAt });
  }
  assertUsable(ofKey);
  const { key } = ofKey;
  const held = principalOfKey(ofKey, chooseApp(key, app));
  return createPrincipal({
    ...fields,
    credentialId: claims.credentialId,
    permissions: commonPermissions(claimed, held.permissions),
    limits: held.limits,
    expiresAt: Math.min(claims.expiresAt, held.expiresAt ?? Number.POSITIVE_INFINITY),
  });
}
