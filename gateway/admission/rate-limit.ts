import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { keyOfCredential } from '../../kernel/tenancy/access-token.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';

/** Adds up what is used under a key within its minute. */
export interface RateLimitStore {
  /** Adds to what was used under the key; resolves to the sum, and how long it still counts. */
  add(key: string, amount: number): Promise<RateLimitUse>;
}

/** What was used under a key. */
export interface RateLimitUse {
  readonly used: number;
  readonly msLeft: number;
}

/** What may be used in a minute; cost is in the units of `operation-cost.ts`. */
export interface RateLimits {
  /** Of one credential, where it does not say how much itself. */
  readonly keyCostPerMinute: number;
  /** Of all credentials of a tenant together. */
  readonly tenantCostPerMinute: number;
  /** Of an address that sends no credential. */
  readonly addressCostPerMinute: number;
  /** Requests of an address that are refused before they become an operation: wrong credentials, malformed documents. */
  readonly refusalsPerMinute: number;
}

/** No end to anything: for a gateway that is told nothing. */
export const noRateLimits: RateLimits = {
  keyCostPerMinute: Number.MAX_SAFE_INTEGER,
  tenantCostPerMinute: Number.MAX_SAFE_INTEGER,
  addressCostPerMinute: Number.MAX_SAFE_INTEGER,
  refusalsPerMinute: Number.MAX_SAFE_INTEGER,
};

/** So high that one process cannot answer as much of ordinary operations: they end floods of expensive ones. */
export const defaultRateLimits: RateLimits = {
  keyCostPerMinute: 30_000_000,
  tenantCostPerMinute: 60_000_000,
  addressCostPerMinute: 30_000_000,
  refusalsPerMinute: 12_000,
};

/** Who sends a request. */
export interface Sender {
  readonly principal: Principal | undefined;
  /** The client's network address. */
  readonly address: string;
}

/** Counts what is used, and refuses what goes past the limits with `RATE_LIMITED` and `retryAfter` in seconds. */
export interface RateLimiter {
  /** Charges an operation to its sender, before any work for it. */
  charge(sender: Sender, cost: number): Promise<void>;
  /** Charges a request that was refused: to the principal that sent it, else to the address. Never throws. */
  noteRefusal(sender: Sender): Promise<void>;
  /** Notes that a credential was good, so that it stays usable at its address whatever others send from there. */
  noteAdmitted(address: string, credential: string): void;
  /** Refuses any credential but those, once an address had too many requests refused. */
  checkAddress(address: string, credential: string | undefined): void;
}

const admittedCredentials = 10_000;
const minuteMs = 60_000;

/**
 * Makes a rate limiter. A minute begins with the first use and is the same for everyone who shares the store.
 *
 * What is past its limit is remembered until its minute is over: it costs the store nothing more.
 */
export function createRateLimiter(store: RateLimitStore, limits: RateLimits): RateLimiter {
  // As sizes: room for a `max` would be taken at once.
  const exceededUntil = new LRUCache<string, number>({ maxSize: 100_000, sizeCalculation: () => 1 });
  const admitted = new LRUCache<string, true>({ maxSize: admittedCredentials, sizeCalculation: () => 1 });

  async function use(key: string, amount: number, limit: number): Promise<void> {
    if (limit === Number.MAX_SAFE_INTEGER) return;
    check(key);
    const { used, msLeft } = await store.add(key, amount);
    if (used <= limit) return;
    // A clock that was set back makes minutes of the store that are longer than one.
    const wait = Math.min(msLeft, minuteMs);
    exceededUntil.set(key, performance.now() + wait);
    throw rateLimited(wait);
  }

  function check(key: string): void {
    const until = exceededUntil.get(key);
    if (until === undefined) return;
    const msLeft = until - performance.now();
    if (msLeft > 0) throw rateLimited(msLeft);
    exceededUntil.delete(key);
  }

  async function charge({ principal, address }: Sender, cost: number): Promise<void> {
    if (!principal) return await use(`address ${address}`, cost, limits.addressCostPerMinute);
    const keyLimit = principal.limits.costPerMinute ?? limits.keyCostPerMinute;
    await use(`key ${principal.tenantId} ${holderOf(principal)}`, cost, keyLimit);
    await use(`tenant ${principal.tenantId}`, cost, limits.tenantCostPerMinute);
  }

  return {
    charge,
    async noteRefusal(sender) {
      const noted = sender.principal ? charge(sender, 1) : use(refusalKey(sender.address), 1, limits.refusalsPerMinute);
      // The request is refused already; that it went past a limit is seen by the next one.
      await noted.catch(() => undefined);
    },
    noteAdmitted: (address, credential) => void admitted.set(admittedKey(address, credential), true),
    checkAddress(address, credential) {
      if (!exceededUntil.has(refusalKey(address))) return;
      if (credential !== undefined && admitted.has(admittedKey(address, credential))) return;
      check(refusalKey(address));
    },
  };
}

/**
 * Whose use it is: that of a key, whatever tokens it was exchanged for, else that of the user of a token. A token's
 * own id is of no use here: whoever wants more would ask for another token.
 */
function holderOf({ credentialId, userId, app }: Principal): string {
  const keyId = keyOfCredential(credentialId);
  return keyId.includes('/') ? `user ${userId ?? app}` : keyId;
}

function refusalKey(address: string): string {
  return `refusals ${address}`;
}

/** Credentials are not kept. */
function admittedKey(address: string, credential: string): string {
  return `${address} ${hash('sha256', credential, 'base64')}`;
}

function rateLimited(msLeft: number): PanoramaError {
  const retryAfter = Math.max(1, Math.ceil(msLeft / 1_000));
  return new PanoramaError('RATE_LIMITED', `Too much was asked for in a minute. Try again in ${retryAfter} s.`, {
    retryAfter,
  });
}
