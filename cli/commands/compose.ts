import { parseArgs } from 'node:util';
import { apps } from '../../subgraphs/index.ts';
import { readSuiteSupergraph } from '../suite-supergraph.ts';

/** `panorama compose`: prints the supergraph of the suite, for gateways that are processes of their own. */
export async function compose(args: readonly string[]): Promise<void> {
  parseArgs({ args: [...args], options: {} });
  process.stdout.write(await readSuiteSupergraph(apps));
}
