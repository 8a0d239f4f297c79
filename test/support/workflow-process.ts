import { openChangeFeed } from '../../kernel/changes/change-feed.ts';
import { createLogger } from '../../kernel/telemetry/logger.ts';
import { coordination } from '../../subgraphs/coordination/index.ts';

/**
 * Coordination as a process of its own that runs workflows. It prints what steps ask of apps, by their idempotency keys, and
 * gives the answer that it was started with; without one it never answers.
 */
const [databaseUrl = '', engineUrl = '', feedUrl = '', secret = '', answer] = process.argv.slice(2);
const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const logger = createLogger('error');

await coordination.start({
  databaseUrl,
  engineUrl,
  poolSize: 4,
  secret,
  logger,
  feed: openChangeFeed({ databaseUrl: feedUrl, secret, logger }),
  callApp: (app, { context: { idempotencyKey } }) => {
    print({ app, idempotencyKey });
    return answer ? Promise.resolve({ data: JSON.parse(answer) }) : new Promise(() => undefined);
  },
});
print({ isReady: true });
setInterval(() => undefined, 60_000);
