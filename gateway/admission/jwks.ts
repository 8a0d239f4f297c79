import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { collectBytes } from '../../kernel/http/collect-bytes.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';

/** Where the keys of an issuer are found. */
export interface JwksOptions {
  readonly url: string;
  readonly logger: Logger;
  /** Milliseconds that only go forward. */
  readonly now?: () => number;
}

const fetchTimeoutMs = 5_000;
const maxBytes = 1_048_576;
/** The shortest time between two fetches, however many tokens name keys that are not known. */
const cooldownMs = 30_000;
/** The same while there are no keys at all. */
const firstCooldownMs = 5_000;
/** From this age on the keys are fetched again, and serve until they are there. */
const maxAgeMs = 600_000;

/**
 * The keys of an issuer (RFC 7517), fetched when the first token comes. While the issuer cannot be reached, the keys
 * that are known keep their worth. All who need a fetch wait for the same one.
 */
export function createJwks({ url, logger, now = () => performance.now() }: JwksOptions): JWTVerifyGetKey {
  let keys: ReturnType<typeof createLocalJWKSet> | undefined;
  let fetchedAt = 0;
  let triedAt = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  async function fetchAll(): Promise<void> {
    triedAt = now();
    try {
      keys = createLocalJWKSet(await fetchKeys(url));
      fetchedAt = now();
    } catch (error) {
      logger.error({ err: error }, 'The keys of the issuer of tokens could not be fetched');
    } finally {
      fetching = undefined;
    }
  }

  async function refresh(): Promise<void> {
    const isTooSoon = now() - triedAt < (keys ? cooldownMs : firstCooldownMs);
    if (!fetching && !isTooSoon) fetching = fetchAll();
    await fetching;
  }

  return async (header, token) => {
    if (!keys) await refresh();
    else if (now() - fetchedAt >= maxAgeMs) void refresh();
    if (!keys) throw new Error('The keys of the issuer of tokens are not there.');
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      return await keys(header, token);
    }
  };
}

async function fetchKeys(url: string): Promise<JSONWebKeySet> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`The answer has status ${response.status}.`);
  }
  const body = await collectBytes(response.body ?? [], maxBytes);
  if (!body) throw new Error(`The answer is larger than ${maxBytes} bytes.`);
  // What is no key set is refused by who reads it.
  return JSON.parse(body.toString('utf8')) as JSONWebKeySet;
}
