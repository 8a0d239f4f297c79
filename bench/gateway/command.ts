import { formatTable } from '../table.ts';
import { gatewayKinds, isInstalled, type RunningGateway } from './gateways.ts';
import { measureGateways } from './measure.ts';
import { formatWorkload } from './report.ts';
import { targetsOf } from './targets.ts';

/** The arguments of the gateway bench. */
export interface GatewayBenchArguments {
  readonly seconds: number;
  /** Names of the peers to measure. */
  readonly peers: readonly string[];
  /** Other gateways that run already, as `title,url,process id`. */
  readonly others: readonly string[];
  readonly subgraphsPort: number;
}

function readOther(text: string): RunningGateway {
  const [title = '', url = '', pid = ''] = text.split(',');
  if (!URL.canParse(url) || !/^\d+$/.test(pid)) throw new Error(`"${text}" is not "title,url,process id".`);
  return { name: 'other', title, url, pid: Number(pid), stop: async () => undefined };
}

/** Measures our gateway and those peers that are installed; resolves to the tables, and what was left out. */
export async function benchGateways({ seconds, peers, others, subgraphsPort }: GatewayBenchArguments): Promise<string> {
  const names = ['ours', ...peers];
  const unknown = names.find((name) => !gatewayKinds.some((kind) => kind.name === name));
  if (unknown !== undefined) {
    throw new Error(`There is no peer "${unknown}": ${gatewayKinds.map(({ name }) => name).join(', ')}.`);
  }
  const wanted = gatewayKinds.filter(({ name }) => names.includes(name));
  const kinds = wanted.filter(isInstalled);
  const workloads = await measureGateways({
    kinds,
    others: others.map(readOther),
    subgraphsPort,
    seconds,
    onProgress: (step) => process.stderr.write(`${step}\n`),
  });
  const notes = wanted.map((kind) =>
    kinds.includes(kind)
      ? `- ${kind.title}: ${kind.settings}\n`
      : `- ${kind.title} is left out, it is not installed: \`npm ci --prefix bench\` installs the peers\n`,
  );
  return [...workloads.map(formatWorkload), formatTable(targetsOf(workloads)), notes.join('')].join('\n');
}
