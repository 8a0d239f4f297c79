import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SqlStatement } from '../../data/tenant-database.ts';
import { deriveKey } from '../../tenancy/derive-key.ts';
import type { TenantId } from '../../tenancy/ids.ts';

/** Whom or what personal data are about, as an app names it. */
export interface Subject {
  readonly app: string;
  readonly subject: string;
}

/** What sends statements in a transaction of the tenant. */
export type SendRows = <Row extends object>(statement: SqlStatement) => Promise<readonly Row[]>;

/** The key of a subject; `destroyed` where what it sealed is lost for good. */
export type SealKey = KeyObject | 'destroyed';

/** The keys that a process has looked up. It knows them for a minute, or until it hears of an erasure in the tenant. */
export interface SealKeys {
  /** The keys of some subjects; of one that never had a key there is none. One statement at most. */
  find(send: SendRows, tenantId: TenantId, subjects: readonly Subject[]): Promise<ReadonlyMap<string, SealKey>>;
  /**
   * The keys of some subjects of one app, made where there are none; for a transaction that writes. One statement at
   * most, and another where somebody else has made one of them at the same moment.
   */
  findOrMake(
    send: SendRows,
    tenantId: TenantId,
    app: string,
    subjects: readonly string[],
  ): Promise<ReadonlyMap<string, SealKey>>;
  /** Forgets the keys of a tenant. */
  forget(tenantId: TenantId): void;
}

/** How long a key is known without being looked up again, in milliseconds; and how many are. */
const knownForMs = 60_000;
const mostKnown = 10_000;
const seedBytes = 32;
const attempts = 5;

interface KeyRow {
  readonly app: string;
  readonly subject: string;
  readonly seed: string | null;
  /** Made by this transaction, which may still come to nothing. */
  readonly is_own: boolean;
}

// Key by key: of a plain join the planner has made a reading of all the keys of a tenant.
const findText = `
  SELECT app, subject, encode(seed, 'base64') AS seed, false AS is_own
  FROM unnest($2::text[], $3::text[]) AS asked (of_app, of_subject) CROSS JOIN LATERAL (
    SELECT app, subject, seed FROM platform.seal_keys
    WHERE tenant_id = $1 AND app = asked.of_app AND subject = asked.of_subject OFFSET 0) AS known`;

// In one order for everybody, so that two that make the same keys do not wait for each other.
const makeText = `
  WITH made AS (
    INSERT INTO platform.seal_keys (tenant_id, app, subject, seed)
    SELECT $1, $2, asked.subject, decode(asked.seed, 'base64') FROM unnest($3::text[], $4::text[]) AS asked (subject, seed)
    ORDER BY asked.subject ON CONFLICT DO NOTHING RETURNING app, subject, seed)
  SELECT app, subject, encode(seed, 'base64') AS seed, true AS is_own FROM made
  UNION ALL
  SELECT app, subject, encode(seed, 'base64'), created_at = now() FROM platform.seal_keys
  WHERE tenant_id = $1 AND app = $2 AND subject = ANY ($3::text[])`;

/** Names a subject among those of a tenant. */
export const subjectKey = ({ app, subject }: Subject): string => `${app} ${subject}`;

/** Makes the keys of a process, or of an app, from the platform's secret. */
export function createSealKeys(secret: string): SealKeys {
  const root = deriveKey(secret, 'sealed-change');
  // As a size: every app has such a cache, and a `max` takes its room at once.
  const known = new LRUCache<string, SealKey>({ maxSize: mostKnown, sizeCalculation: () => 1, ttl: knownForMs });
  const nameOf = (tenantId: TenantId, key: string) => `${tenantId} ${key}`;
  let forgotten = 0;

  /** HMAC-SHA256 over the seed and whose it is: a key derivation (NIST SP 800-108) from 256 random bits and the secret. */
  function keyOf(tenantId: TenantId, { app, subject, seed }: KeyRow): SealKey {
    if (seed === null) return 'destroyed';
    const place = JSON.stringify([tenantId, app, subject, seed]);
    return createSecretKey(createHmac('sha256', root).update(place).digest());
  }

  /** Those that are known, and, by a statement, the others. */
  async function lookUp(
    tenantId: TenantId,
    keys: readonly string[],
    read: (unknownKeys: readonly string[]) => Promise<readonly KeyRow[]>,
  ): Promise<Map<string, SealKey>> {
    const found = new Map<string, SealKey>();
    for (const key of keys) {
      const one = known.get(nameOf(tenantId, key));
      if (one !== undefined) found.set(key, one);
    }
    const missing = keys.filter((key) => !found.has(key));
    if (missing.length === 0) return found;
    const before = forgotten;
    for (const row of await read(missing)) {
      const key = subjectKey(row);
      const one = keyOf(tenantId, row);
      found.set(key, one);
      if (!row.is_own && before === forgotten) known.set(nameOf(tenantId, key), one);
    }
    return found;
  }

  return {
    async find(send, tenantId, subjects) {
      const bySubject = new Map(subjects.map((one) => [subjectKey(one), one]));
      return await lookUp(tenantId, [...bySubject.keys()], (missing) => {
        const asked = missing.flatMap((key) => bySubject.get(key) ?? []);
        const values = [tenantId, asked.map(({ app }) => app), asked.map(({ subject }) => subject)];
        return send<KeyRow>({ text: findText, values });
      });
    },
    async findOrMake(send, tenantId, app, subjects) {
      const keys = [...new Set(subjects)].map((subject) => subjectKey({ app, subject }));
      for (let attempt = 1; ; attempt++) {
        const found = await lookUp(tenantId, keys, (missing) => {
          const asked = missing.map((key) => key.slice(app.length + 1));
          const bytes = randomBytes(seedBytes * asked.length);
          const seeds = asked.map((_, index) => bytes.toString('base64', index * seedBytes, (index + 1) * seedBytes));
          return send<KeyRow>({ text: makeText, values: [tenantId, app, asked, seeds] });
        });
        if (found.size === keys.length) return found;
        if (attempt === attempts) throw new Error('A key was neither found nor made.');
      }
    },
    forget(tenantId) {
      forgotten += 1;
      for (const name of known.keys()) if (name.startsWith(nameOf(tenantId, ''))) known.delete(name);
    },
  };
}
