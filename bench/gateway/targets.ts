import type { Measurement } from '../table.ts';
import type { Workload } from './measure.ts';

/** The figure of ours that a target names, and how far that of a peer may or must be from it. */
interface Target {
  readonly what: string;
  readonly unit: string;
  readonly workload: Pick<Workload, 'distinct' | 'connections'>;
  readonly figure: 'cpuMs' | 'requestsPerSecond';
  /** A peer's figure times a factor; without a peer the factor is the target. */
  readonly peer?: { readonly name: string; readonly times: string };
  readonly factor: number;
}

const apart = { distinct: true, connections: 20 };
const cpu = { what: 'CPU per request, all different', unit: 'ms', workload: apart, figure: 'cpuMs' } as const;

const targets: readonly Target[] = [
  { ...cpu, factor: 1.2 },
  { ...cpu, peer: { name: 'hive-rust', times: 'half of' }, factor: 1 / 2 },
  { ...cpu, peer: { name: 'stock', times: 'a seventh of' }, factor: 1 / 7 },
  {
    what: 'equal requests on 50 connections',
    unit: '/s',
    workload: { distinct: false, connections: 50 },
    figure: 'requestsPerSecond',
    peer: { name: 'hive-rust', times: '15 times' },
    factor: 15,
  },
];

/** Our figures beside their targets, as far as the peers that a target names were measured. */
export function targetsOf(workloads: readonly Workload[]): Measurement[] {
  return targets.flatMap(({ what, unit, workload, figure, peer, factor }) => {
    const measured = workloads.find(
      ({ distinct, connections }) => distinct === workload.distinct && connections === workload.connections,
    );
    const ours = measured?.gateways[0];
    const beside = measured?.gateways.find(({ name }) => name === peer?.name);
    if (!ours || (peer && !beside)) return [];
    const place = peer && beside ? `${peer.times} ${beside.title}:` : 'target';
    return [{ what, value: ours[figure], unit, peer: place, peerValue: factor * (beside?.[figure] ?? 1) }];
  });
}
