import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { users } from '../../../subgraphs/users/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { correlationIdOfTests } from '../../support/call-app.ts';
import { runStatements } from '../../support/run-statements.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
});
afterAll(() => app.stop());
afterEach(async () => {
  await runStatements(app.database.ownerUrl, 'DELETE FROM platform.audit_records');
});

/** All records of the database, in the order in which they were written, without what is null. */
async function readRecords(one: TestApp = app): Promise<Record<string, unknown>[]> {
  const rows = await runStatements(one.database.ownerUrl, 'SELECT * FROM platform.audit_records ORDER BY at, id');
  return rows.map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

const createCompany = (caller: TestCaller = {}, input: object = { name: 'Kite Studio' }) =>
  app.execute<{ createCompany: { company: { id: string } | null } | null }>(
    'mutation ($input: CreateCompanyInput!) { createCompany(input: $input) { company { id } userErrors { code } } }',
    { input },
    caller,
  );

const ofCompany = {
  id: expect.any(String),
  at: expect.any(Date),
  tenant_id: 'acme',
  source_app: 'crm-web',
  target_app: 'crm',
  credential_id: 'key-of-the-test',
  kind: 'MUTATION',
  mutation: 'createCompany',
  entity: 'Company',
  correlation_id: correlationIdOfTests,
};

describe('the record of a mutation', () => {
  test('says who did what to which entity, once', async () => {
    const { data } = await createCompany({ userId: 'ada' });
    expect(await readRecords()).toEqual([
      { ...ofCompany, outcome: 'DONE', user_id: 'ada', entity_id: data.createCompany?.company?.id },
    ]);
  });

  test('says why nothing was done, whether the input is wrong, names nothing, or is refused in the transaction', async () => {
    await createCompany({}, { name: '' });
    await app.execute('mutation { updateCompany(input: {id: "gone", name: "Elm"}) { userErrors { code } } }');
    const common = { kind: 'MUTATION', outcome: 'REFUSED', target_app: 'crm' };
    expect(await readRecords()).toMatchObject([
      { ...common, mutation: 'createCompany', code: 'BAD_USER_INPUT' },
      { ...common, mutation: 'updateCompany', code: 'NOT_FOUND', entity: 'Company', entity_id: 'gone' },
    ]);
  });

  test('is there for each mutation of an operation', async () => {
    const two =
      'a: createCompany(input: {name: "A"}) { company { id } } b: createCompany(input: {name: ""}) { company { id } }';
    await app.execute(`mutation { ${two} }`);
    expect(await readRecords()).toMatchObject([{ outcome: 'DONE' }, { outcome: 'REFUSED' }]);
  });

  test('names the permission that was missing, also when an app is asked without a gateway', async () => {
    await createCompany({ permissions: ['read:companies'] });
    expect(await readRecords()).toEqual([
      { ...ofCompany, outcome: 'DENIED', code: 'FORBIDDEN', permission: 'write:companies' },
    ]);
  });

  test('is there when something of ours fails, and tells nothing of it', async () => {
    const role = new URL(app.database.urlFor('crm')).username;
    await runStatements(app.database.ownerUrl, `REVOKE INSERT ON crm.companies FROM "${role}"`);
    expect((await createCompany()).data).toBeNull();
    await runStatements(app.database.ownerUrl, `GRANT INSERT ON crm.companies TO "${role}"`);
    expect(await readRecords()).toEqual([{ ...ofCompany, outcome: 'FAILED', code: 'INTERNAL' }]);
  });

  test('is written once by a transaction that has to be run again', async () => {
    await runStatements(
      app.database.ownerUrl,
      'CREATE SEQUENCE crm.attempts',
      `CREATE FUNCTION crm.conflict() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN IF nextval('crm.attempts') < 3 THEN RAISE SQLSTATE '40001'; END IF; RETURN NEW; END $$`,
      // At the end of the statement that writes the record, which is the last of the transaction.
      'CREATE TRIGGER conflict BEFORE INSERT ON platform.audit_records FOR EACH ROW EXECUTE FUNCTION crm.conflict()',
    );
    const { data } = await createCompany();
    await runStatements(app.database.ownerUrl, 'DROP FUNCTION crm.conflict CASCADE');
    expect(await readRecords()).toMatchObject([{ outcome: 'DONE', entity_id: data.createCompany?.company?.id }]);
    expect(await runStatements(app.database.ownerUrl, 'SELECT last_value::int FROM crm.attempts')).toEqual([
      { last_value: 3 },
    ]);
  });

  test('takes its effect with it when it cannot be written', async () => {
    const count = 'SELECT count(*)::int AS companies FROM crm.companies';
    const before = await runStatements(app.database.ownerUrl, count);
    await runStatements(app.database.ownerUrl, 'ALTER TABLE platform.audit_records RENAME TO elsewhere');
    expect((await createCompany()).data).toBeNull();
    await runStatements(app.database.ownerUrl, 'ALTER TABLE platform.elsewhere RENAME TO audit_records');
    expect(await runStatements(app.database.ownerUrl, count)).toEqual(before);
    expect(app.logs.join()).toContain('An audit record was lost');
  });
});

describe('what is done with keys', () => {
  let ofUsers: TestApp;
  beforeAll(async () => {
    ofUsers = await startTestApp(users);
    await runStatements(
      ofUsers.database.ownerUrl,
      `INSERT INTO users.tenants (tenant_id, name) VALUES ('acme', 'Acme')`,
    );
  });
  afterAll(() => ofUsers.stop());

  test('has kinds of its own, and no record holds a key or a token', async () => {
    const made = await ofUsers.execute<{ createApiKey: { key: string; apiKey: { id: string } } }>(
      `mutation { createApiKey(input: {name: "Kite", allowedApps: ["crm-web"], permissions: ["read:deals"]})
        { key apiKey { id } userErrors { code } } }`,
    );
    expect(made.errors).toBeUndefined();
    const { key, apiKey } = made.data.createApiKey;
    const issued = await ofUsers.execute<{ issueToken: { token: string } }>(
      'mutation { issueToken(input: {app: "crm-web"}) { token userErrors { code } } }',
      {},
      { credentialId: apiKey.id, permissions: ['read:deals'] },
    );
    await ofUsers.execute('mutation ($id: ID!) { revokeApiKey(input: {id: $id}) { userErrors { code } } }', apiKey);
    const records = await readRecords(ofUsers);
    expect(records).toMatchObject([
      { kind: 'KEY_CREATED', entity: 'ApiKey', entity_id: apiKey.id, credential_id: 'key-of-the-test' },
      { kind: 'KEY_EXCHANGED', outcome: 'DONE', credential_id: apiKey.id },
      { kind: 'KEY_REVOKED', outcome: 'DONE', entity: 'ApiKey', entity_id: apiKey.id },
    ]);
    const text = JSON.stringify(records);
    for (const secret of [key, issued.data.issueToken.token]) expect(text).not.toContain(secret);
  });
});
