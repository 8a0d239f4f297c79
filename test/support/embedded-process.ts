import { lockDirectory } from '../../kernel/data/directory-lock.ts';
import { startEmbeddedPostgres } from '../../kernel/data/postgres/embedded-postgres.ts';
import { StartRefused } from '../../kernel/data/start-refused.ts';
import { runStatements } from './run-statements.ts';

/*
 * A process that runs embedded Postgres on the directory given as its argument, for tests that kill it. It prints one
 * line of JSON when the server is up, one when a signal has come and the server still answers, and exits with 0 after
 * the server has stopped. A refused start is one line too.
 */
function tell(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function main(directory: string): Promise<void> {
  const interrupted = new Promise((resolve) => process.once('SIGINT', resolve));
  const lock = await lockDirectory(directory);
  const server = await startEmbeddedPostgres({ lock, onProgress: () => undefined });
  tell({ connectionString: server.connectionString });
  const keepAlive = setInterval(() => undefined, 60_000);
  await interrupted;
  const rows = await runStatements(server.connectionString, 'SELECT 1 AS one');
  tell({ answersAfterSignal: rows.length === 1 });
  await server.stop();
  await lock.release();
  clearInterval(keepAlive);
}

try {
  await main(process.argv[2] ?? '');
} catch (error) {
  if (!(error instanceof StartRefused)) throw error;
  tell({ refused: error.message });
  process.exitCode = 1;
}
