import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { compareSupergraphs, type SupergraphChange } from '../../gateway/supergraph/compare.ts';
import { loadSupergraph, type Supergraph } from '../../gateway/supergraph/supergraph.ts';
import { SupergraphError } from '../../gateway/supergraph/supergraph-error.ts';
import { apps } from '../../subgraphs/index.ts';
import { readSuiteSupergraph } from '../suite-supergraph.ts';

/**
 * `panorama compose`: prints the supergraph of the suite, for gateways that are processes of their own. With `--check` it
 * prints instead what has changed for clients since the supergraph of a file, and gives 1 where that breaks some of them.
 */
export async function compose(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { check: { type: 'string' } } });
  const sdl = await readSuiteSupergraph(apps);
  if (values.check === undefined) {
    process.stdout.write(sdl);
    return 0;
  }
  const changes = compareSupergraphs(await loadFile(values.check), loadSupergraph(sdl));
  process.stdout.write(reportOf(changes));
  return changes.some(({ severity }) => severity === 'BREAKING') ? 1 : 0;
}

async function loadFile(path: string): Promise<Supergraph> {
  try {
    return loadSupergraph(await readFile(path, 'utf8'));
  } catch (error) {
    const { message } = error as Error;
    throw new SupergraphError(`${path} is not a supergraph that can be read: ${message}`, { cause: error });
  }
}

function reportOf(changes: readonly SupergraphChange[]): string {
  if (changes.length === 0) return 'Nothing has changed that a client could notice.\n';
  return changes.map(({ severity, type, description }) => `${severity} ${type}: ${description}\n`).join('');
}
