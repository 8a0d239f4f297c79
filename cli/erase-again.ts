import { openChangeFeed } from '../kernel/changes/change-feed.ts';
import { connectionStringFor } from '../kernel/data/app-role.ts';
import { changeFeedSchema } from '../kernel/data/platform-schema.ts';
import type { RunningApp } from '../kernel/subgraph/app.ts';
import { createLogger, type LogLevel } from '../kernel/telemetry/logger.ts';
import type { TenantId } from '../kernel/tenancy/ids.ts';
import { coordination } from '../subgraphs/coordination/index.ts';
import { apps } from '../subgraphs/index.ts';
import { askOnce } from './dead-letters.ts';
import { reachApps } from './reach-apps.ts';

interface Erasures {
  readonly ownerUrl: string;
  readonly secret: string;
  readonly tenantId: TenantId;
  readonly customerIds: readonly string[];
  readonly logLevel: LogLevel;
}

const erasing = `mutation ($input: EraseCustomerInput!) {
  eraseCustomer(input: $input) { userErrors { code message } }
}`;

/** Asks for the erasure of customers who came back with a backup; gives of how many. It is done by a platform that runs. */
export async function eraseAgain({ ownerUrl, secret, tenantId, customerIds, logLevel }: Erasures): Promise<number> {
  if (customerIds.length === 0) return 0;
  let count = 0;
  const logger = createLogger(logLevel);
  const urlOf = (name: string) => connectionStringFor(ownerUrl, { app: name, secret });
  const feed = openChangeFeed({ databaseUrl: urlOf(changeFeedSchema.name), secret, logger });
  const running: RunningApp[] = [];
  const callApp = reachApps(running, secret);
  try {
    for (const { name, start } of apps) {
      running.push(await start({ databaseUrl: urlOf(name), poolSize: 1, secret, logger, feed, callApp }));
    }
    const app = running.find(({ name }) => name === coordination.name);
    if (!app) throw new Error('There is no app coordination.');
    for (const customerId of customerIds) {
      const input = { customerId, reason: 'Erased before; came back with a backup.' };
      const sender = { tenantId, secret, permissions: ['execute:privacy'] };
      type Answer = { eraseCustomer: { userErrors: readonly { code: string; message: string }[] } };
      const { eraseCustomer } = await askOnce<Answer>(app, sender, erasing, { input });
      const [refusal] = eraseCustomer.userErrors;
      if (!refusal) count += 1;
      else if (refusal.code !== 'NOT_FOUND') throw new Error(refusal.message); // who came after the backup is not back
    }
    return count;
  } finally {
    for (const one of running) await one.stop();
    await feed.stop();
  }
}
