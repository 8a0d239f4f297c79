import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { openChangeFeed } from '../../../kernel/changes/change-feed.ts';
import { insertChanges } from '../../../kernel/changes/insert-changes.ts';
import { connectionStringFor } from '../../../kernel/data/app-role.ts';
import { type DirectoryLock, lockDirectory } from '../../../kernel/data/directory-lock.ts';
import { migrate } from '../../../kernel/data/migrate.ts';
import { changeFeedSchema } from '../../../kernel/data/platform-schema.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../kernel/data/postgres/embedded-postgres.ts';
import { catalogueOfTests, idsOf, note, secretOfLog, someone } from '../../support/change-log.ts';
import { loggerOfTest } from '../../support/output-of-run.ts';
import { runStatements } from '../../support/run-statements.ts';
import { createTestDirectory } from '../../support/test-server.ts';

const acme = someone();
const crm = { name: 'crm', migrationsDirectory: new URL('../../../prisma/crm/migrations/', import.meta.url) };

/** A server of the test's own, because it is made to take over. */
let directory: string;
let lock: DirectoryLock;
let server: EmbeddedPostgres | undefined;
beforeAll(async () => {
  directory = await createTestDirectory();
  lock = await lockDirectory(directory);
});
afterAll(async () => {
  await server?.stop();
  await lock.release();
  await rm(directory, { recursive: true, force: true });
});

async function startServer(): Promise<EmbeddedPostgres> {
  server = await startEmbeddedPostgres({ lock, onProgress: () => undefined });
  return server;
}

const urlFor = (ownerUrl: string, app: string) => connectionStringFor(ownerUrl, { app, secret: secretOfLog });

async function writeNote(ownerUrl: string, id: string): Promise<void> {
  const client = new pg.Client({ connectionString: urlFor(ownerUrl, 'crm') });
  await client.connect();
  try {
    await client.query(`SELECT set_config('panorama.tenant_id', 'acme', false)`);
    const { text, values } = insertChanges([note(id)]);
    await client.query(text, values);
  } finally {
    await client.end();
  }
}

function openFeed(ownerUrl: string) {
  return openChangeFeed({
    databaseUrl: urlFor(ownerUrl, 'feed'),
    secret: secretOfLog,
    catalogue: catalogueOfTests,
    logger: loggerOfTest('feed', []),
  });
}

test('a server that takes over has a log of another epoch from its first write on', async () => {
  const primary = await startServer();
  await migrate({
    connectionString: primary.connectionString,
    apps: [crm, changeFeedSchema],
    secret: secretOfLog,
    onProgress: () => undefined,
  });
  await writeNote(primary.connectionString, 'before');
  const feedBefore = openFeed(primary.connectionString);
  const cursor = await feedBefore.head(acme);
  await feedBefore.stop();
  await primary.stop();

  // A standby is promoted: it goes on at once, and writes to its control file when its checkpoint is done, minutes later.
  await writeFile(join(directory, 'postgres', 'standby.signal'), '');
  const successor = await startServer();
  const feed = openFeed(successor.connectionString);
  try {
    await runStatements(successor.connectionString, 'SELECT pg_promote()');
    // Nobody has looked at the log yet: whoever writes first finds out.
    await writeNote(successor.connectionString, 'after');
    const [first, second] = await runStatements(
      successor.connectionString,
      'SELECT entity_id, epoch FROM platform.change_log ORDER BY seq',
    );
    expect([first?.entity_id, second?.entity_id]).toEqual(['before', 'after']);
    expect(second?.epoch).not.toBe(first?.epoch);

    const pulled = await feed.pull({ principal: acme, after: cursor, limit: 10 });
    expect(pulled).toMatchObject({ kind: 'resync', reason: 'EPOCH_CHANGED' });
    await writeNote(successor.connectionString, 'later');
    const next = await feed.pull({ principal: acme, after: pulled.from, limit: 10 });
    expect(next.kind === 'batch' && idsOf(next.changes)).toEqual(['later']);
  } finally {
    await feed.stop();
  }
}, 120_000);
