import { coordination } from '../../subgraphs/coordination/index.ts';
import { crm } from '../../subgraphs/crm/index.ts';
import { documents } from '../../subgraphs/documents/index.ts';
import { startTestApp, type TestApp } from './app.ts';
import { createTestDatabase } from './database.ts';

/** Two apps whose records are synced, and the one that clients sync with, on one database. */
export interface SyncApps {
  readonly crm: TestApp;
  readonly documents: TestApp;
  readonly sync: TestApp;
  stop(): Promise<void>;
}

/** Starts the apps, on a database without rows. */
export async function startSyncApps(): Promise<SyncApps> {
  const database = await createTestDatabase();
  const crmApp = await startTestApp(crm, database);
  const documentsApp = await startTestApp(documents, database);
  const sync = await startTestApp(coordination, database, [crmApp, documentsApp]);
  return {
    crm: crmApp,
    documents: documentsApp,
    sync,
    async stop() {
      for (const app of [sync, documentsApp, crmApp]) await app.stop();
      await database.drop();
    },
  };
}
