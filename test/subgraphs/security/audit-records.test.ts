import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { security } from '../../../subgraphs/security/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { runStatements } from '../../support/run-statements.ts';

interface Page {
  readonly auditRecords: {
    readonly totalCount: number;
    readonly nodes: readonly { readonly id: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  } | null;
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(security);
  const columns =
    'tenant_id, id, at, kind, outcome, source_app, target_app, credential_id, user_id, entity, entity_id, correlation_id';
  await runStatements(
    app.database.ownerUrl,
    `INSERT INTO platform.audit_records (${columns}) VALUES
      ('acme', 'r1', '2026-11-01', 'MUTATION', 'DONE', 'crm-web', 'crm', 'k1', 'ada', 'Lead', 'l1', 'c1'),
      ('acme', 'r2', '2026-11-02', 'MUTATION', 'REFUSED', 'flow-web', 'crm', 'k1/t1', NULL, 'Lead', 'l2', 'c2'),
      ('acme', 'r3', '2026-11-03', 'DENIAL', 'DENIED', 'crm-web', NULL, 'k10', NULL, NULL, NULL, 'c3'),
      ('acme', 'r4', '2026-11-04', 'KEY_CREATED', 'DONE', 'crm-web', 'users', 'k2', NULL, 'ApiKey', 'k3', 'c4'),
      ('globex', 'r1', '2026-11-04', 'MUTATION', 'DONE', 'crm-web', 'crm', 'k1', 'ada', 'Lead', 'l1', 'c1')`,
  );
});
afterAll(() => app.stop());

async function list(args: Readonly<Record<string, unknown>> = {}, caller: TestCaller = {}) {
  return await app.execute<Page>(
    `query ($filter: AuditRecordFilter, $orderBy: AuditRecordOrder, $first: Int, $after: String) {
      auditRecords(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
        totalCount nodes { id } pageInfo { hasNextPage endCursor }
      }
    }`,
    args,
    caller,
  );
}

const idsOf = ({ data }: { readonly data: Page }) => data.auditRecords?.nodes.map(({ id }) => id).join(' ');

describe('audit records', () => {
  test('are those of the tenant, the newest first', async () => {
    const all = await list();
    expect(idsOf(all)).toBe('r4 r3 r2 r1');
    expect(all.data.auditRecords?.totalCount).toBe(4);
    expect(idsOf(await list({}, { tenant: 'globex' }))).toBe('r1');
    expect(idsOf(await list({}, { tenant: 'initech' }))).toBe('');
  });

  test('need the permission read:security', async () => {
    for (const permissions of [['read:users', 'read:keys'], ['write:security']]) {
      const { data, errors } = await list({}, { permissions });
      expect(data.auditRecords).toBeNull();
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'read:security' } }]);
    }
    expect(idsOf(await list({}, { permissions: ['read:security'] }))).toBe('r4 r3 r2 r1');
  });

  test.each([
    [{ kind: 'MUTATION' }, 'r2 r1'],
    [{ outcome: 'DONE' }, 'r4 r1'],
    [{ app: 'crm' }, 'r2 r1'],
    [{ app: 'crm-web' }, 'r4 r3 r1'],
    [{ credentialId: 'k1' }, 'r2 r1'],
    [{ credentialId: 'k%' }, ''],
    [{ credentialId: 'k1/t1' }, 'r2'],
    [{ userId: 'ada' }, 'r1'],
    [{ entity: 'Lead' }, 'r2 r1'],
    [{ entity: 'Lead', entityId: 'l2' }, 'r2'],
    [{ from: '2026-11-02T00:00:00Z', to: '2026-11-04T00:00:00Z' }, 'r3 r2'],
    [{ correlationId: 'c4' }, 'r4'],
    [{ app: 'crm-web', credentialId: 'k1', outcome: 'DENIED' }, ''],
  ])('can be filtered by %j', async (filter, ids) => {
    const page = await list({ filter });
    expect(idsOf(page)).toBe(ids);
    expect(page.data.auditRecords?.totalCount).toBe(ids.split(' ').filter(Boolean).length);
  });

  test('come in pages, in either direction', async () => {
    const orderBy = { direction: 'ASC' };
    const first = await list({ orderBy, first: 3 });
    expect(idsOf(first)).toBe('r1 r2 r3');
    const { endCursor, hasNextPage } = first.data.auditRecords?.pageInfo ?? {};
    expect(hasNextPage).toBe(true);
    expect(idsOf(await list({ orderBy, first: 3, after: endCursor }))).toBe('r4');
    const foreign = await list({ orderBy, after: endCursor }, { tenant: 'globex' });
    expect(foreign.errors).toMatchObject([{ extensions: { code: 'CURSOR_INVALID' } }]);
  });
});
