import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { permissionsBeyond } from '../../kernel/permissions/compare-permissions.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import { type Access, authenticate, type Credentials } from './authenticate.ts';

/** What lives on a credential for longer than one request. */
export interface CredentialUser {
  /** The credential is worth nothing any more. Told once, and nothing after. */
  refused(refusal: PanoramaError): void;
  /** What the credential stands for now. */
  judged(principal: Principal): void;
}

/** Judges the credentials of what is open again and again, each once for all that use it. */
export interface CredentialWatch {
  /** Watches until the returned function is called. */
  watch(credentials: Credentials, principal: Principal, user: CredentialUser): () => void;
}

interface Watched {
  readonly credentials: Credentials;
  readonly users: Set<CredentialUser>;
  expiresAt: number | undefined;
  /** When it is judged next, in milliseconds since 1970. */
  dueAt: number;
  isUnderWay: boolean;
}

export interface CredentialWatchOptions {
  readonly access: Access;
  /** How often a credential is judged, in milliseconds. One with an end is judged then, too. */
  readonly everyMs: number;
  readonly logger: Logger;
}

const longestTickMs = 1_000;
const refusals: ReadonlySet<string> = new Set(['UNAUTHENTICATED', 'FORBIDDEN']);

/** Makes a watch; it has one timer, and none while nothing is open. */
export function createCredentialWatch({ access, everyMs, logger }: CredentialWatchOptions): CredentialWatch {
  const watched = new Map<string, Watched>();
  let timer: NodeJS.Timeout | undefined;

  async function judge(one: Watched): Promise<void> {
    one.isUnderWay = true;
    one.dueAt = Date.now() + everyMs;
    try {
      const principal = await authenticate(access, one.credentials);
      if (!principal) return;
      one.expiresAt = principal.expiresAt;
      for (const user of [...one.users]) user.judged(principal);
    } catch (error) {
      if (!(error instanceof PanoramaError) || !refusals.has(error.code)) {
        // Nothing is known against the credential. It is judged again in its time.
        logger.warn({ err: error }, 'The credential of a stream could not be judged again');
        return;
      }
      const refusal = endOf(error);
      for (const user of [...one.users]) user.refused(refusal);
    } finally {
      one.isUnderWay = false;
    }
  }

  function tick(): void {
    const now = Date.now();
    for (const one of watched.values()) {
      const isDue = one.dueAt <= now || (one.expiresAt !== undefined && one.expiresAt <= now);
      if (isDue && !one.isUnderWay) void judge(one);
    }
  }

  return {
    watch(credentials, principal, user) {
      const key = JSON.stringify([credentials.tenantKey, credentials.authorization, credentials.sourceApp]);
      // Those that begin together, as after a start, are not all judged in the same moment ever after.
      const dueAt = Date.now() + everyMs * (0.5 + Math.random() / 2);
      const { expiresAt } = principal;
      const one = watched.get(key) ?? { credentials, users: new Set(), expiresAt, dueAt, isUnderWay: false };
      watched.set(key, one);
      one.users.add(user);
      timer ??= setInterval(tick, Math.min(longestTickMs, everyMs)).unref();
      return () => {
        one.users.delete(user);
        if (one.users.size > 0 || watched.get(key) !== one) return;
        watched.delete(key);
        if (watched.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

/** A refusal in the words of someone who was let in before, and may hear what has become of the credential. */
function endOf({ code, message, originalError, extensions: { code: _, ...details } }: PanoramaError): PanoramaError {
  return new PanoramaError(code, `It has ended: ${originalError?.message ?? message}`, details);
}

/** Why what began with more permissions than its credential has now does not go on; undefined when it does. */
export function refusalOfLess(before: Principal | undefined, now: Principal): PanoramaError | undefined {
  const lost = permissionsBeyond(now.permissions, before?.permissions ?? []);
  if (lost.length === 0) return undefined;
  const permission = lost.sort().join(' and ');
  const message = `It has ended: the permission ${permission} was taken back. Begin again for what is left.`;
  return new PanoramaError('FORBIDDEN', message, { permission, reason: 'PERMISSION_REVOKED' });
}
