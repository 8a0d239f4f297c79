import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventCatalogue, readCatalogue } from '../../../kernel/changes/catalogue.ts';
import type { NewChange } from '../../../kernel/changes/change.ts';
import { completeChange } from '../../../kernel/changes/insert-changes.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { correlationIdOfTests } from '../../support/call-app.ts';
import { catalogueOfTests } from '../../support/change-log.ts';
import { runStatements } from '../../support/run-statements.ts';

const origin = { app: 'crm', tenantId: parseTenantId('acme'), actor: 'ada', sourceApp: 'crm-web', correlationId: 'c' };
const complete = (change: Partial<NewChange>) =>
  completeChange(catalogueOfTests, origin, {
    type: 'NOTE_PINNED',
    entityId: 'n',
    version: 2,
    data: { id: 'n' },
    ...change,
  });

describe('a change that is published', () => {
  test('gets from the catalogue what its type says, and from the mutation who sent it', () => {
    expect(complete({})).toEqual({
      ...origin,
      type: 'NOTE_PINNED',
      entity: 'Note',
      entityId: 'n',
      version: 2,
      op: 'PUT',
      data: { id: 'n' },
      priority: 'HIGH',
    });
    expect(complete({ op: 'DELETE', priority: 'LOW' })).toMatchObject({ op: 'DELETE', priority: 'LOW' });
  });

  test('says what JSON can say', () => {
    expect(complete({ data: { id: 'n', at: new Date(0), nothing: undefined } }).data).toEqual({
      id: 'n',
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  test.each<[string, Partial<NewChange>, string]>([
    ['of a type that nobody knows', { type: 'NOTE_EATEN' }, 'has no event type NOTE_EATEN'],
    ["of another app's type", { type: 'FOLDER_MADE' }, 'The app crm has no event type FOLDER_MADE'],
    ['without what its data need', { data: {} }, "must have required property 'id'"],
    ['with data of another kind', { data: { id: 7 } }, 'must be string'],
  ])('is refused %s', (_what, change, message) => {
    expect(() => complete(change)).toThrow(message);
  });
});

describe('the event catalogue', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'panorama-catalogue-'));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const entry = `type: T, app: crm, entity: E, targets: [], priority: LOW, read: [['read:leads']], data: {type: object}`;
  test.each([
    ['with a type twice', `- {${entry}}\n- {${entry}}`, 'has T twice'],
    ['with a word that means nothing', `- {${entry}, colour: red}`, 'Unrecognized key: "colour"'],
    ['without who may read it', `- {${entry.replace("[['read:leads']]", '[]')}}`, 'read'],
    ['with a permission that is none', `- {${entry.replace('read:leads', 'leads')}}`, 'A permission is expected'],
    ['with a schema that is none', `- {${entry.replace('type: object', 'type: thing')}}`, 'type must be'],
  ])('is refused %s', async (_what, text, message) => {
    await writeFile(join(directory, 'family.yaml'), text);
    expect(() => readCatalogue(pathToFileURL(`${directory}/`))).toThrow(message);
  });

  test('of the platform is read', () => {
    expect(eventCatalogue().get('LEAD_CREATED')).toMatchObject({ app: 'crm', entity: 'Lead', priority: 'HIGH' });
  });
});

describe('a mutation', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp(crm);
  });
  afterAll(() => app.stop());

  const createCompany = () =>
    app.execute(
      'mutation { createCompany(input: {name: "Kite Studio"}) { company { id } userErrors { code } } }',
      {},
      { userId: 'ada' },
    );
  const count = async () => {
    const [row] = await runStatements(
      app.database.ownerUrl,
      `SELECT (SELECT count(*) FROM crm.companies)::int AS companies,
        (SELECT count(*) FROM platform.change_log)::int AS changes`,
    );
    return row;
  };

  test('leaves its change in the log, with who sent it from where', async () => {
    const { data } = await createCompany();
    expect(await runStatements(app.database.ownerUrl, 'SELECT * FROM platform.change_log')).toMatchObject([
      {
        tenant_id: 'acme',
        app: 'crm',
        entity: 'Company',
        entity_id: (data as { createCompany: { company: { id: string } } }).createCompany.company.id,
        actor: 'ada',
        source_app: 'crm-web',
        correlation_id: correlationIdOfTests,
      },
    ]);
  });

  test('that cannot write its change has done nothing', async () => {
    const before = await count();
    await runStatements(app.database.ownerUrl, 'ALTER TABLE platform.change_log RENAME TO elsewhere');
    expect((await createCompany()).data).toBeNull();
    await runStatements(app.database.ownerUrl, 'ALTER TABLE platform.elsewhere RENAME TO change_log');
    expect(await count()).toEqual(before);
  });

  test('leaves its changes once when its transaction has to be run again', async () => {
    const before = await count();
    await runStatements(
      app.database.ownerUrl,
      'CREATE SEQUENCE crm.attempts',
      `CREATE FUNCTION crm.conflict() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
        $$ BEGIN IF nextval('crm.attempts') < 3 THEN RAISE SQLSTATE '40001'; END IF; RETURN NULL; END $$`,
      'CREATE TRIGGER conflict AFTER INSERT ON platform.change_log FOR EACH ROW EXECUTE FUNCTION crm.conflict()',
    );
    await createCompany();
    await runStatements(app.database.ownerUrl, 'DROP FUNCTION crm.conflict CASCADE');
    expect(await count()).toEqual({ companies: Number(before?.companies) + 1, changes: Number(before?.changes) + 1 });
  });
});
