import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The secret of this installation: read from the data directory, made on the first start. It appears under its name
 * only when it is whole, so two first starts agree on one.
 */
export async function keepSecret(dataDirectory: string): Promise<string> {
  await mkdir(dataDirectory, { recursive: true });
  const file = join(dataDirectory, 'secret');
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, randomBytes(32).toString('base64url'), { mode: 0o600 });
  try {
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await rm(draft);
  }
  return await readFile(file, 'utf8');
}

/** The secret that a start left in a data directory; undefined when there was none yet. */
export async function findSecret(dataDirectory: string): Promise<string | undefined> {
  try {
    return await readFile(join(dataDirectory, 'secret'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
