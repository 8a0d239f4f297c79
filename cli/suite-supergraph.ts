import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { App } from '../kernel/subgraph/app.ts';

/** A subgraph as composition takes it. */
interface Part {
  readonly name: string;
  readonly url: string;
  readonly sdl: string;
}

const directory = new URL('../generated/supergraph/', import.meta.url);

async function partsOf(apps: readonly App[]): Promise<Part[]> {
  return await Promise.all(
    apps.map(async (app) => ({ name: app.name, url: `in-process://${app.name}`, sdl: await app.readSdl() })),
  );
}

/** Named by its content, so that a file made of other schemas is never taken for this one's. */
function fileOf(parts: readonly Part[]): URL {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex');
  return new URL(`${digest.slice(0, 32)}.graphql`, directory);
}

async function compose(parts: readonly Part[]): Promise<string> {
  const { composeSupergraph } = await import('../gateway/supergraph/compose.ts');
  return composeSupergraph(parts);
}

/** Composes the suite and keeps the result for every start: composing takes memory that a server would hold for good. */
export async function writeSuiteSupergraph(apps: readonly App[]): Promise<void> {
  const parts = await partsOf(apps);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(fileOf(parts), await compose(parts));
}

/** The supergraph of the suite: as `npm run generate` left it, or composed now when a schema has changed since. */
export async function readSuiteSupergraph(apps: readonly App[]): Promise<string> {
  const parts = await partsOf(apps);
  return await readFile(fileOf(parts), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return compose(parts);
  });
}
