import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type pg from 'pg';
import { eventCatalogue } from '../../../kernel/changes/catalogue.ts';
import type { Change } from '../../../kernel/changes/change.ts';
import { insertChanges, type UnplacedChange } from '../../../kernel/changes/insert-changes.ts';
import { type LogReader, openLogReader } from '../../../kernel/changes/log-reader.ts';
import { createSealKeys } from '../../../kernel/changes/sealing/seal-keys.ts';
import { openChanges, sealChanges } from '../../../kernel/changes/sealing/sealed-changes.ts';
import type { SqlStatement } from '../../../kernel/data/tenant-database.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createTestLog, nextBatch, note, secretOfLog, someone, type TestLog } from '../../support/change-log.ts';
import { runStatements } from '../../support/run-statements.ts';

const acme = parseTenantId('acme');
const catalogue = eventCatalogue();

/** A change of a contact of this id, who is called so. */
const contact = (id: string, lastName: string, fields: Partial<UnplacedChange> = {}): UnplacedChange =>
  note(id, {
    type: 'CONTACT_UPDATED',
    entity: 'Contact',
    data: { id, firstName: 'Ada', lastName, email: 'ada@example.com', companyId: null, personKeys: ['k'] },
    ...fields,
  });

/** That somebody was erased. */
const erasure = (id: string): UnplacedChange => ({
  ...note(id, { type: 'CUSTOMER_ERASED', entity: 'CustomerErasure', app: 'coordination' }),
  data: { id, customerId: 'cus_1', erasedAt: '2026-01-01T00:00:00.000Z' },
});

/** Sends statements by a connection, and tells which. */
function sender(client: pg.Client) {
  const sent: string[] = [];
  const send = async <Row extends object>({ text, values }: SqlStatement) => {
    sent.push(text);
    return (await client.query(text, values)).rows as Row[];
  };
  return { send, sent };
}

describe('personal data in the change log', () => {
  let log: TestLog;
  let crm: pg.Client;
  let reader: LogReader;
  const keys = createSealKeys(secretOfLog);

  beforeAll(async () => {
    log = await createTestLog();
    crm = await log.connect('crm', 'acme');
    reader = openLogReader({ databaseUrl: log.database.urlFor('feed'), secret: secretOfLog });
  });

  afterAll(async () => {
    await reader.stop();
    await log.stop();
  });

  async function publish(...changes: readonly UnplacedChange[]): Promise<void> {
    const { send } = sender(crm);
    const { text, values } = insertChanges(await sealChanges(send, changes, { catalogue, keys }));
    await crm.query(text, values);
  }

  const destroy = (app: string, client: pg.Client, ...subjects: readonly string[]) =>
    client.query('SELECT platform.destroy_seal_keys($1, $2::text[]) AS destroyed', [app, subjects]);

  const dataOf = async (id: string, by: LogReader = reader) => {
    const { changes } = await by.page(acme, 0, 1_000);
    return changes.filter(({ entityId }) => entityId === id).map(({ data }) => data);
  };

  const rawLog = async () =>
    JSON.stringify(
      await runStatements(log.database.ownerUrl, `SET panorama.operator = 'yes'`, 'SELECT * FROM platform.change_log'),
    );

  test('cannot be read there, and reach who follows the log as they were published', async () => {
    await publish(contact('con_1', 'Byron'), contact('con_2', 'Byron', { data: { id: 'con_2', companyId: 'com_1' } }));
    expect(await rawLog()).not.toMatch(/Byron|Ada|example/);
    expect(await dataOf('con_1')).toEqual([contact('con_1', 'Byron').data]);
    // Nothing personal in it, nothing sealed.
    expect(await dataOf('con_2')).toEqual([{ id: 'con_2', companyId: 'com_1' }]);
    const stranger = openLogReader({ databaseUrl: log.database.urlFor('feed'), secret: 'another secret' });
    await expect(dataOf('con_1', stranger)).rejects.toThrow();
    await stranger.stop();
  });

  test('cost one statement in a transaction, and none where the keys are known', async () => {
    const fresh = createSealKeys(secretOfLog);
    const { send, sent } = sender(crm);
    const changes = [contact('con_3', 'A'), contact('con_4', 'B'), contact('con_4', 'C', { version: 2 })];
    await sealChanges(send, changes, { catalogue, keys: fresh });
    expect(sent).toHaveLength(1);
    // Keys that a transaction made itself are looked up once more, because it may have come to nothing.
    await sealChanges(send, changes, { catalogue, keys: fresh });
    await sealChanges(send, changes, { catalogue, keys: fresh });
    expect(sent).toHaveLength(2);
  });

  test('are sealed by a key that is there: one that was rolled back is used by nobody', async () => {
    await crm.query('BEGIN');
    await publish(contact('con_5', 'Lost'));
    await crm.query('ROLLBACK');
    await publish(contact('con_5', 'Kept'));
    expect(await dataOf('con_5')).toMatchObject([{ lastName: 'Kept' }]);
  });

  test('are sealed by one key, whoever made it at the same moment', async () => {
    const other = await log.connect('crm', 'acme');
    const mine = createSealKeys(secretOfLog);
    await crm.query('BEGIN');
    const first = await mine.findOrMake(sender(crm).send, acme, 'crm', ['con_6']);
    const second = createSealKeys(secretOfLog).findOrMake(sender(other).send, acme, 'crm', ['con_6']);
    await crm.query('COMMIT');
    expect((await second).get('crm con_6')).toEqual(first.get('crm con_6'));
  });

  test('open in no other change than theirs', async () => {
    const { send } = sender(crm);
    const [sealed] = await sealChanges(send, [contact('con_7', 'Byron')], { catalogue, keys });
    if (!sealed) throw new Error('Nothing was sealed.');
    for (const moved of [{ version: 2 }, { entityId: 'con_1' }, { type: 'CONTACT_CREATED' }]) {
      await expect(openChanges(send, acme, [{ ...sealed, ...moved }], keys)).rejects.toThrow();
    }
    expect(await openChanges(send, acme, [sealed], keys)).toMatchObject([{ data: { lastName: 'Byron' } }]);
  });

  test('are gone with their key, for those who had it too, and nothing new is kept of the person', async () => {
    await publish(contact('con_8', 'Byron'), contact('con_9', 'King'));
    expect(await dataOf('con_8')).toMatchObject([{ lastName: 'Byron' }]);
    await destroy('crm', crm, 'con_8', 'con_8', 'con_never');
    keys.forget(acme);
    await log.write(erasure('era_1'));
    await publish(contact('con_8', 'Byron', { version: 2 }), contact('con_never', 'Byron'));
    const erased = { companyId: null, erased: true };
    expect(await dataOf('con_8')).toEqual([
      { id: 'con_8', ...erased },
      { id: 'con_8', ...erased },
    ]);
    expect(await dataOf('con_never')).toEqual([{ id: 'con_never', ...erased }]);
    expect(await dataOf('con_9')).toMatchObject([{ lastName: 'King' }]);
    const page = await reader.page(acme, 0, 1_000);
    expect(page.erases).toBe(true);
  });

  test('are let go of by a process that has told them', async () => {
    const feed = log.open({ catalogue });
    const beginning = feed.follow({ principal: someone(), after: null });
    const events = beginning[Symbol.asyncIterator]();
    const { to: before } = await nextBatch(events);
    await publish(contact('con_10', 'Byron'));
    feed.poke(acme);
    expect((await nextBatch(events)).changes).toMatchObject([{ data: { lastName: 'Byron' } }]);
    await destroy('crm', crm, 'con_10');
    await log.write(erasure('era_2'));
    feed.poke(acme);
    expect((await nextBatch(events)).changes).toMatchObject([{ type: 'CUSTOMER_ERASED' }]);
    // What it had in memory of her it reads anew.
    const later = feed.follow({ principal: someone(), after: before })[Symbol.asyncIterator]();
    expect((await nextBatch(later)).changes[0]).toMatchObject({ entityId: 'con_10', data: { erased: true } });
    await events.return?.();
    await later.return?.();
  });

  test('have keys that only their app makes, reads and destroys, and never changes', async () => {
    const users = await log.connect('users', 'acme');
    const foreign = await log.connect('crm', 'globex');
    const count = 'SELECT count(*)::int AS count FROM platform.seal_keys';
    expect((await users.query(count)).rows).toEqual([{ count: 0 }]);
    expect((await foreign.query(count)).rows).toEqual([{ count: 0 }]);
    await expect(destroy('crm', users, 'con_1')).rejects.toThrow('Only the app itself');
    await destroy('crm', foreign, 'con_1');
    expect(await dataOf('con_1')).toMatchObject([{ lastName: 'Byron' }]);
    await expect(crm.query(`UPDATE platform.seal_keys SET seed = 'x'`)).rejects.toThrow('permission denied');
    await expect(crm.query('DELETE FROM platform.seal_keys')).rejects.toThrow('permission denied');
  });
});

describe('the event catalogue', () => {
  const telling =
    /^(email|emails|username|firstName|lastName|fullName|name|title|phone|address|company|subject|description|resolution|text|body|note|notes|message|speech|summary|path|properties|preferences|profileData|metadata|personKeys|checksum|processing|parameters|input|result|reason)$/;

  /** Fields that may say something of a person and are neither sealed nor explained. */
  const openFields = ({ personal, notPersonal, schema }: NonNullable<ReturnType<typeof catalogue.get>>) => {
    if (notPersonal) return [];
    const fields = Object.keys((schema.properties ?? {}) as Change['data']);
    return fields.filter((name) => telling.test(name) && !personal?.fields.includes(name));
  };

  test('seals what may say something of a person, or says why it does not', () => {
    const silent = [...catalogue.values()].map((one) => ({ type: one.type, fields: openFields(one) }));
    expect(silent.filter(({ fields }) => fields.length > 0)).toEqual([]);
  });
});
