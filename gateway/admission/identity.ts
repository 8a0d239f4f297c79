import { tokenCredentialId } from '../../kernel/tenancy/access-token.ts';
import type { Identity } from '../../kernel/tenancy/identity.ts';
import { isTenantId, type TenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal, type Principal } from '../../kernel/tenancy/principal.ts';

/** Where the claims of a token stand: each a claim's name, or the path to it (`realm_access.roles`). */
export interface ClaimNames {
  readonly tenant: string;
  readonly app: string;
  readonly user: string;
  readonly permissions: string;
  readonly roles: string;
  /** The API key that a token was exchanged for; only the platform's own tokens have it. */
  readonly key?: string;
  /** What stands in the place of a claim that a token lacks. */
  readonly defaults?: { readonly tenant?: string; readonly app?: string };
}

type Claims = Readonly<Record<string, unknown>>;

const maxNameLength = 256;
/** A scope (RFC 6749, section 3.3). */
const scopePattern = /^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/;

/** Reads the claims of a verified token. Undefined when it has no tenant or no app, or says one in a way that is none. */
export function identityOf(claims: Claims, names: ClaimNames, expiresAt: number): Identity | undefined {
  const tenantId = tenantOf(claimAt(claims, names.tenant) ?? names.defaults?.tenant);
  const app = nameOf(claimAt(claims, names.app) ?? names.defaults?.app);
  const user = claimAt(claims, names.user);
  const userId = nameOf(user);
  const hasWrongUser = user !== undefined && userId === undefined;
  if (tenantId === undefined || app === undefined || hasWrongUser) return undefined;
  const keyId = names.key === undefined ? undefined : nameOf(claims[names.key]);
  return {
    tenantId,
    app,
    userId,
    roles: scopesOf(claimAt(claims, names.roles)),
    permissions: scopesOf(claimAt(claims, names.permissions)),
    keyId,
    credentialId: tokenCredentialId(keyId, nameOf(claims.jti) ?? userId ?? app),
    expiresAt,
  };
}

/** The principal of an identity that nobody knows more of than its token says. */
export function principalOf({ keyId: _, ...identity }: Identity): Principal {
  return createPrincipal(identity);
}

/** The claim of this very name, or the one at the end of the path. Only what the token itself says counts. */
function claimAt(claims: Claims, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path];
  return path.split('.').reduce<unknown>((holder, name) => {
    const isHolder = typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name);
    return isHolder ? (holder as Claims)[name] : undefined;
  }, claims);
}

function nameOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim.length > 0 && claim.length <= maxNameLength ? claim : undefined;
}

function tenantOf(claim: unknown): TenantId | undefined {
  return typeof claim === 'string' && isTenantId(claim) ? claim : undefined;
}

/** A list, or a text with spaces between as OAuth has it. What is no scope gives nothing. */
function scopesOf(claim: unknown): readonly string[] {
  const items: readonly unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return items.filter((item): item is string => typeof item === 'string' && scopePattern.test(item));
}
