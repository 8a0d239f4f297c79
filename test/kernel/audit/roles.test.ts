import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type AuditRecord, insertAuditRecords } from '../../../kernel/audit/audit-record.ts';
import { DatabaseUnreachable } from '../../../kernel/data/database-errors.ts';
import { openTenantWriter } from '../../../kernel/data/tenant-writer.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { runStatements } from '../../support/run-statements.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  for (const tenant of ['acme', 'globex']) {
    await as('crm', tenant, insert({ tenant_id: tenant, id: `of-${tenant}`, target_app: 'crm' }));
  }
});
afterAll(() => database.drop());

/** Runs statements as the role of an app, in the name of a tenant. */
function as(app: string, tenant: string, ...statements: readonly string[]) {
  const setting = `SELECT set_config('panorama.tenant_id', '${tenant}', false)`;
  return runStatements(database.urlFor(app), setting, ...statements);
}

function insert(fields: Readonly<Record<string, string>>): string {
  const row = { tenant_id: 'acme', id: 'new', kind: 'MUTATION', outcome: 'DONE', ...fields };
  const values = Object.values(row).map((value) => `'${value}'`);
  return `INSERT INTO platform.audit_records (${Object.keys(row).join(', ')}) VALUES (${values.join(', ')})`;
}

const countAll = async () => {
  const [row] = await runStatements(database.ownerUrl, 'SELECT count(*)::int AS count FROM platform.audit_records');
  return row?.count;
};

describe.each(['crm', 'security'])('the role of %s', (app) => {
  test.each([
    ['change a record', `UPDATE platform.audit_records SET outcome = 'DONE'`],
    ['delete records', 'DELETE FROM platform.audit_records'],
    ['delete them as the operator', `SET panorama.operator = 'yes'; DELETE FROM platform.audit_records`],
    ['empty the table', 'TRUNCATE platform.audit_records'],
    ['drop the table', 'DROP TABLE platform.audit_records'],
    ['switch its policies off', 'ALTER TABLE platform.audit_records DISABLE ROW LEVEL SECURITY'],
    ['keep others from it', 'BEGIN; LOCK TABLE platform.audit_records IN ACCESS EXCLUSIVE MODE'],
    ['put a trigger on it', 'CREATE TRIGGER t BEFORE INSERT ON platform.audit_records EXECUTE FUNCTION now()'],
    ['make a table beside it', 'CREATE TABLE platform.mine ()'],
    ['read the history of its migrations', 'SELECT * FROM platform._prisma_migrations'],
    ['overwrite a record', `${insert({ id: 'of-acme' })} ON CONFLICT (tenant_id, id) DO UPDATE SET outcome = 'FAILED'`],
    ['say when something was', insert({ at: '2000-01-01' })],
  ])('cannot %s', async (_what, statement) => {
    await expect(as(app, 'acme', statement)).rejects.toThrow(/permission denied|must be owner/);
    expect(await countAll()).toBe(2);
  });

  test.each([
    ['of another tenant', { tenant_id: 'globex' }],
    ['of another app', { target_app: 'elsewhere' }],
    ['of no app', {}],
    ['of a denial at the gateway', { kind: 'DENIAL' }],
  ])('cannot write a record %s', async (_what, fields) => {
    const own = 'kind' in fields || 'tenant_id' in fields ? { target_app: app } : {};
    await expect(as(app, 'acme', insert({ ...own, ...fields }))).rejects.toThrow('row-level security');
    await expect(as(app, '', insert({ target_app: app }))).rejects.toThrow('row-level security');
    expect(await countAll()).toBe(2);
  });
});

describe('the gateway', () => {
  const denial = (tenant: string, id: string): AuditRecord => ({
    id,
    tenantId: parseTenantId(tenant),
    kind: 'DENIAL',
    outcome: 'DENIED',
    // What a foreign token can say of its user.
    userId: `\u0000\ud800${'x'.repeat(600)}`,
  });

  test('writes records of several tenants, each once, and nothing in the name of an app', async () => {
    const writer = openTenantWriter({ databaseUrl: database.urlFor('gateway') });
    const write = (records: readonly AuditRecord[]) => writer.write(parseTenantId('acme'), insertAuditRecords(records));
    await write([denial('acme', 'd1'), denial('acme', 'd2')]);
    await write([denial('acme', 'd2'), denial('acme', 'd3')]);
    await expect(write([denial('acme', 'd4'), denial('globex', 'd4')])).rejects.toThrow('row-level security');
    const asApp = { kind: 'MUTATION', outcome: 'DONE', targetApp: 'crm' } as const;
    await expect(write([{ ...denial('acme', 'd5'), ...asApp }])).rejects.toThrow('row-level security');
    await writer.stop();
    const ids = await as('security', 'acme', `SELECT id FROM platform.audit_records WHERE kind = 'DENIAL' ORDER BY id`);
    expect(ids).toEqual([{ id: 'd1' }, { id: 'd2' }, { id: 'd3' }]);
    await runStatements(database.ownerUrl, `DELETE FROM platform.audit_records WHERE kind = 'DENIAL'`);
  });

  test('says when the database is not there', async () => {
    const writer = openTenantWriter({ databaseUrl: 'postgresql://nobody@127.0.0.1:1/nothing' });
    const write = writer.write(parseTenantId('acme'), insertAuditRecords([denial('acme', 'd1')]));
    await expect(write).rejects.toThrow(DatabaseUnreachable);
    await writer.stop();
  });
});

describe('what is recorded', () => {
  test.each(['users', 'analytics', 'documents', 'crm'])('cannot be read by the role of %s', async (app) => {
    await expect(as(app, 'acme', 'SELECT id FROM platform.audit_records')).rejects.toThrow('permission denied');
    await expect(as(app, 'acme', `${insert({ target_app: app })} RETURNING id`)).rejects.toThrow('permission denied');
  });

  test('cannot be read by the role of the gateway', async () => {
    await expect(as('gateway', 'acme', 'SELECT id FROM platform.audit_records')).rejects.toThrow('permission denied');
  });

  test('can be read by the role of the security app, tenant by tenant', async () => {
    const read = 'SELECT id FROM platform.audit_records';
    expect(await as('security', 'acme', read)).toEqual([{ id: 'of-acme' }]);
    expect(await as('security', 'globex', read)).toEqual([{ id: 'of-globex' }]);
    expect(await as('security', '', read)).toEqual([]);
  });
});
