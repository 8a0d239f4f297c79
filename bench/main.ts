import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { benchCustomer360 } from './customer360/command.ts';
import { benchFeed } from './feed/command.ts';
import { benchGateways } from './gateway/command.ts';
import { composeShop } from './gateway/shop-process.ts';
import { benchHostile } from './hostile/command.ts';
import { benchOperations } from './operations/command.ts';
import { benchSearch } from './search/command.ts';
import { measureStart } from './start.ts';
import { formatTable } from './table.ts';
import { benchWorkers } from './workers/command.ts';
import { benchWorkflows } from './workflows.ts';

const usage = `usage: node bench/main.ts [start | gateway | customer360 | operations | hostile | workers | feed | search | workflows]
    [--seconds N] [--peers ours-alone,stock,hive,hive-rust,hive-rust-sharing] [--subgraphs-port N] [--other title,url,pid]...
  runs every bench, or one; another gateway serves what "node bench/main.ts supergraph --subgraphs-port N" prints
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '2' },
    peers: { type: 'string', default: 'ours-alone,stock,hive,hive-rust,hive-rust-sharing' },
    'subgraphs-port': { type: 'string', default: '0' },
    other: { type: 'string', multiple: true, default: [] },
  },
});
const subgraphsPort = Number(values['subgraphs-port']);
const seconds = Number(values.seconds);

/** The benches by name: each resolves to its tables, our figures beside a peer or a target of the same run. */
const benches: Readonly<Record<string, () => Promise<string>>> = {
  start: async () => formatTable(await measureStart()),
  gateway: () =>
    benchGateways({
      seconds,
      peers: values.peers.split(',').filter(Boolean),
      others: values.other,
      subgraphsPort,
    }),
  customer360: () => benchCustomer360({ seconds }),
  operations: () => benchOperations(),
  hostile: () => benchHostile(),
  workers: () => benchWorkers(seconds),
  feed: () => benchFeed({ seconds }),
  search: () => benchSearch(),
  workflows: () => benchWorkflows(),
};

async function main([name]: readonly string[]): Promise<number> {
  if (name === 'supergraph') {
    process.stdout.write(composeShop(subgraphsPort));
    return 0;
  }
  const wanted = name === undefined ? Object.keys(benches) : [name];
  if (!(seconds > 0) || !wanted.every((one) => Object.hasOwn(benches, one))) {
    process.stderr.write(usage);
    return 2;
  }
  const processors = cpus();
  const machine = `Node ${process.version}, ${processors.length} x ${processors[0]?.model.trim()}`;
  process.stdout.write(`${machine}, load average at the start ${loadavg()[0]?.toFixed(2)}\n`);
  for (const one of wanted) process.stdout.write(`\n${await benches[one]?.()}`);
  return 0;
}

process.exitCode = await main(positionals);
