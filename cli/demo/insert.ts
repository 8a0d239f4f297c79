import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { StartRefused } from '../../kernel/data/start-refused.ts';

/** Where the demo data go. */
export interface DemoTarget {
  /** Connection string of the database's owner. */
  readonly ownerUrl: string;
  readonly secret: string;
}

/**
 * Writes the demo data in a process of its own, so that what building thousands of rows takes in memory goes with it.
 * Rows that are there already stay as they are.
 */
export async function insertDemoData(target: DemoTarget): Promise<void> {
  const child = fork(fileURLToPath(new URL('insert-process.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  child.send(target);
  const [code] = await once(child, 'exit');
  if (code !== 0)
    throw new StartRefused('The demo data could not be made; the reason stands above. Start again to go on.');
}
