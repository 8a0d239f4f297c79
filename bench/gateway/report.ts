import { formatRows } from '../table.ts';
import type { GatewayFigures, Workload } from './measure.ts';

const header = [
  'gateway',
  'requests/s',
  'p50 ms',
  'p95 ms',
  'p99 ms',
  'CPU ms/request',
  'resident MB',
  'bytes',
  'subgraph calls/request',
  'requests/s, ours to it',
  'CPU, ours to it',
];

function formatGateway(gateway: GatewayFigures, ours: GatewayFigures): string[] {
  return [
    gateway.title,
    gateway.requestsPerSecond.toFixed(0),
    gateway.p50.toFixed(1),
    gateway.p95.toFixed(1),
    gateway.p99.toFixed(1),
    gateway.cpuMs.toFixed(2),
    (gateway.residentBytes / 1e6).toFixed(0),
    String(gateway.answerBytes),
    gateway.subgraphCalls.toFixed(1),
    (ours.requestsPerSecond / gateway.requestsPerSecond).toFixed(2),
    (ours.cpuMs / gateway.cpuMs).toFixed(2),
  ];
}

/** A workload as a Markdown table, the first gateway being ours, with how busy the processes around the gateways were. */
export function formatWorkload({ distinct, connections, gateways }: Workload): string {
  const [ours] = gateways;
  if (!ours) return '';
  const requests = distinct
    ? 'Every request differs in a variable and a header'
    : 'All requests are equal, sharing is possible';
  const busiest = (figure: 'loadCores' | 'subgraphCores') =>
    Math.max(...gateways.map((gateway) => gateway[figure])).toFixed(2);
  return [
    `${requests}; ${connections} connections`,
    '',
    formatRows(
      header,
      gateways.map((gateway) => formatGateway(gateway, ours)),
    ),
    `At most ${busiest('loadCores')} of a core went to the load generator, ${busiest('subgraphCores')} to the subgraphs.`,
    '',
  ].join('\n');
}
