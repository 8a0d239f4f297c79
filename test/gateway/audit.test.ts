import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { auditAccess } from '../../gateway/connections/audit-access.ts';
import { createAuditLog } from '../../kernel/audit/audit-log.ts';
import type { AuditRecord } from '../../kernel/audit/audit-record.ts';
import { DatabaseUnreachable } from '../../kernel/data/database-errors.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import {
  type AnonymousGateway,
  openAnonymousGateway,
  serveSubgraphs,
} from '../support/federation/anonymous-gateway.ts';
import { createGuardedCrm } from '../support/federation/guarded-crm.ts';
import { contextOf } from '../support/federation/sharing.ts';

const lines: string[] = [];
const logger = pino({}, { write: (line: string) => lines.push(line) });
const written: AuditRecord[] = [];
let isDown = false;
const audit = createAuditLog({
  async write(_tenantId, records) {
    // An answer that does not wait for its record would be there before it.
    await new Promise((resolve) => setImmediate(resolve));
    if (isDown) throw new DatabaseUnreachable('The database is down.');
    written.push(...records);
  },
  logger,
});

let gateway: AnonymousGateway;
beforeAll(async () => {
  gateway = await openAnonymousGateway(serveSubgraphs(createGuardedCrm()), {
    audit,
    logger,
    access: {
      kind: 'authenticated',
      introspection: true,
      // The key is the list of permissions.
      async authenticator({ tenantKey = '' }) {
        const { principal } = contextOf('acme', { permissions: tenantKey.split(' '), credentialId: 'key-1' });
        if (!principal || tenantKey === 'wrong') throw new PanoramaError('UNAUTHENTICATED', 'There is no such key.');
        return principal;
      },
    },
  });
});
afterAll(() => gateway.stop());
afterEach(async () => {
  await audit.idle();
  isDown = false;
  for (const list of [lines, written]) list.length = 0;
});

async function ask(permissions: string, query: string) {
  const response = await fetch(gateway.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tenant-key': permissions, 'x-correlation-id': 'request-1' },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, text: await response.text() };
}

const denials = () => written.filter(({ kind }) => kind === 'DENIAL');

describe('a denial', () => {
  test('is recorded before it is answered: one record, which names all that was missing', async () => {
    await ask('read:contacts', 'query Both { contact { id email } leads { id } }');
    expect(denials()).toEqual([
      {
        id: expect.any(String),
        tenantId: 'acme',
        kind: 'DENIAL',
        outcome: 'DENIED',
        sourceApp: 'web',
        credentialId: 'key-1',
        userId: 'u1',
        operationName: 'Both',
        code: 'FORBIDDEN',
        permission: expect.stringMatching(/^read:(leads and read:pii|pii and read:leads)$/),
        correlationId: 'request-1',
      },
    ]);
  });

  test('of a mutation names it, whether all of it is refused or a part of what it gives', async () => {
    const { status } = await ask('read:leads', 'mutation { createLead(name: "Ada") { count } }');
    expect(status).toBe(403);
    await ask('write:leads', 'mutation Give { createLead(name: "Ada") { count lead { id } } }');
    expect(denials()).toMatchObject([
      { mutation: 'createLead', permission: 'write:leads' },
      { mutation: 'createLead', operationName: 'Give', permission: 'read:leads' },
    ]);
  });

  test('is none where nothing is refused, or what is wrong is not who asks', async () => {
    await ask('*', '{ contact { id } }');
    await ask('*', '{ nothing }');
    await ask('*', '{');
    expect(denials()).toEqual([]);
  });

  test('of nobody knows whom is logged only', async () => {
    expect((await ask('wrong', '{ contact { id } }')).status).toBe(401);
    expect(written).toEqual([]);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'A request was denied', code: 'UNAUTHENTICATED', correlationId: 'request-1' },
    ]);
  });

  test('stays the same denial when it cannot be recorded, and the loss is told', async () => {
    const query = 'mutation { createLead(name: "Ada") { count } }';
    const recorded = await ask('read:leads', query);
    isDown = true;
    const before = audit.lost();
    expect(await ask('read:leads', query)).toEqual(recorded);
    expect(audit.lost()).toBe(before + 1);
    expect(lines.join()).toContain('An audit record was lost');
  });
});

describe('reaching an app', () => {
  test('is one record an hour for each credential and app that it is reached from', async () => {
    const hour = 3_600_000;
    let now = 5 * hour;
    const ids: string[] = [];
    const log = { ...audit, record: async ({ id }: AuditRecord) => void ids.push(id) };
    const connection = auditAccess(
      log,
      'crm',
      async () => ({ data: null }),
      () => now,
    );
    const reach = (tenant: string, fields: Parameters<typeof contextOf>[1] = {}) =>
      connection({ context: contextOf(tenant, fields) } as SubgraphRequest);

    for (let time = 0; time < 3; time += 1) await reach('acme');
    expect(ids).toHaveLength(1);
    await reach('acme', { app: 'other' });
    await reach('acme', { credentialId: 'key-2' });
    await reach('globex');
    expect(new Set(ids).size).toBe(4);
    now += hour - 1;
    await reach('acme');
    expect(ids).toHaveLength(4);
    now += 1;
    await reach('acme');
    expect(new Set(ids).size).toBe(5);
    // Itself, and somebody whom nobody knows.
    await reach('acme', { app: 'crm' });
    await connection({ context: { ...contextOf('acme'), principal: undefined } } as SubgraphRequest);
    expect(ids).toHaveLength(5);
  });
});
