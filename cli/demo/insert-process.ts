import { once } from 'node:events';
import { analyzeTables } from '../../kernel/data/analyze.ts';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { createLogger } from '../../kernel/telemetry/logger.ts';
import { apps } from '../../subgraphs/index.ts';
import type { DemoTarget } from './insert.ts';
import { makeDemoTenants } from './tenants.ts';

/** The process that `insertDemoData` starts: it gets its target as one message, and ends with its parent. */
const [target] = (await once(process, 'message')) as [DemoTarget];
process.once('disconnect', () => process.exit(1));

const { ownerUrl, secret } = target;
const logger = createLogger('error');
/** All rows of a tenant in an app are one transaction, also where the machine is busy. */
const transactionTimeoutMillis = 120_000;
const tenants = makeDemoTenants(secret);

// The users app is the first of the list and comes last here: once its keys work, all rows are in place.
for (const app of apps.toReversed()) {
  const databaseUrl = connectionStringFor(ownerUrl, { app: app.name, secret });
  const running = await app.start({ databaseUrl, poolSize: 1, transactionTimeoutMillis, secret, logger });
  for (const tenant of tenants) await running.insertDemo(tenant);
  await running.stop();
}
await analyzeTables(ownerUrl);
process.exit(0);
