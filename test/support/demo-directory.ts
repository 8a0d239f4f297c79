import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startPanorama } from './panorama-process.ts';

/** Where the tests of a run find a data directory with demo data, once the first that needs one has made it. */
const demoDirectoryVariable = 'TEST_DEMO_DIRECTORY';

/** Names the place; nothing is made yet. */
export function beginDemoDirectory(): void {
  process.env[demoDirectoryVariable] = mkdtempSync(join(tmpdir(), 'panorama-demo-'));
}

/** Removes what was made. */
export function discardDemoDirectory(): void {
  const place = process.env[demoDirectoryVariable];
  if (place) rmSync(place, { recursive: true, force: true });
}

/** Copies the data directory of a platform that has made its demo data and stopped: a start on it is a second start. */
export async function copyDemoDirectory(target: string): Promise<void> {
  const place = process.env[demoDirectoryVariable];
  if (!place) throw new Error('The global setup has named no place for demo data.');
  const [made, done, failed] = ['made', 'done', 'failed'].map((name) => join(place, name)) as [string, string, string];
  if (await takePlace(made)) await makeDemoDirectory(made, { done, failed });
  while (!existsSync(done) && !existsSync(failed)) await pause(50);
  if (existsSync(failed)) throw new Error('The demo data could not be made; the test that tried says why.');
  await cp(made, target, { recursive: true });
}

/** Whether this caller is the first: test files run in several processes. */
async function takePlace(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function makeDemoDirectory(directory: string, marks: { done: string; failed: string }): Promise<void> {
  try {
    const platform = await startPanorama(['start', '--port', '0', '--data-dir', directory], { directory });
    await platform.end('SIGTERM');
    writeFileSync(marks.done, '');
  } catch (error) {
    writeFileSync(marks.failed, '');
    throw error;
  }
}
