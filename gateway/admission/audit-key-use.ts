import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AuditLog } from '../../kernel/audit/audit-log.ts';
import { keyOfCredential } from '../../kernel/tenancy/access-token.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';

/** Notes that a principal was let in. */
export type NoteAdmission = (principal: Principal, correlationId: string) => void;

/** More uses than this are asked of the database again, which knows all of them. As a size: a `max` takes its room at once. */
const maxKnownUses = 50_000;

/**
 * Records the first use of a key, or of a token of it, from each app. The record is named after key and app, so there
 * is one, however often the gateway starts and however many there are. Nobody waits for it.
 */
export function createKeyUseAudit(log: AuditLog): NoteAdmission {
  const known = new LRUCache<string, true>({ maxSize: maxKnownUses, sizeCalculation: () => 1 });
  // Principals are kept for as long as their verdict holds: nearly always, this is all there is to do.
  const seen = new WeakSet<Principal>();
  return (principal, correlationId) => {
    if (seen.has(principal)) return;
    seen.add(principal);
    const { tenantId, app, credentialId, userId } = principal;
    const keyId = keyOfCredential(credentialId);
    const isOfKey = !keyId.includes('/');
    const use = JSON.stringify([tenantId, keyId, app]);
    if (!isOfKey || known.has(use)) return;
    known.set(use, true);
    const id = `use_${hash('sha256', use, 'base64url')}`;
    const who = { tenantId, sourceApp: app, credentialId, userId, correlationId };
    void log.record({ id, kind: 'KEY_FIRST_USED', outcome: 'DONE', ...who, entity: 'ApiKey', entityId: keyId });
  };
}
