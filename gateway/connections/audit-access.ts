import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { AuditLog } from '../../kernel/audit/audit-log.ts';
import type { SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';

const hourMs = 3_600_000;
/**
 * More than this in one hour are asked of the database again, which knows all of them. Said as a size, because room for a
 * `max` would be taken at once, for every subgraph.
 */
const maxRecorded = 50_000;

/**
 * Records that a credential reaches a subgraph from an app: once in an hour. The record is named after all of these, so
 * there is one, however many gateways there are. Nobody waits for it, and what was recorded costs a look into a map.
 */
export function auditAccess<Answer>(
  log: AuditLog,
  target: string,
  connection: (request: SubgraphRequest) => Answer,
  clock: () => number = Date.now,
): (request: SubgraphRequest) => Answer {
  // By credential and app: principals are made anew every few seconds.
  const recorded = new LRUCache<string, true>({ maxSize: maxRecorded, sizeCalculation: () => 1 });
  let seen = new WeakSet<Principal>();
  let hour = Number.NaN;

  function note(principal: Principal, { correlationId }: RequestContext): void {
    seen.add(principal);
    const { tenantId, app, credentialId, userId } = principal;
    const access = JSON.stringify([tenantId, credentialId, app, target, hour]);
    if (recorded.has(access) || app === target) return;
    recorded.set(access, true);
    const id = `access_${hash('sha256', access, 'base64url')}`;
    const who = { tenantId, sourceApp: app, targetApp: target, credentialId, userId, correlationId };
    void log.record({ id, kind: 'CROSS_APP_ACCESS', outcome: 'DONE', ...who });
  }

  return (request) => {
    const now = Math.floor(clock() / hourMs);
    if (now !== hour) {
      hour = now;
      recorded.clear();
      seen = new WeakSet();
    }
    const { context } = request;
    if (context.principal && !seen.has(context.principal)) note(context.principal, context);
    return connection(request);
  };
}
