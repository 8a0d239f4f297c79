import { setTimeout as sleep } from 'node:timers/promises';
import { createDataDirectory, type PlatformProcess, startPlatformProcess } from '../test/support/platform.ts';
import { residentBytesOf } from './load/process-figures.ts';
import type { Measurement } from './table.ts';

const query =
  '{ customer360(id: "cus_acme_0001") { profile { username } behavior { behaviorScore } documents { documentCount } crm { deals { id } } insights { healthScore } } }';

/** Milliseconds from the call of the command to the first whole answer. */
async function timeToFirstAnswer(directory: string): Promise<{ platform: PlatformProcess; ms: number }> {
  const began = performance.now();
  const platform = await startPlatformProcess(directory);
  const { data, errors } = await platform.post<{ customer360: unknown }>(query);
  if (errors || !data.customer360) throw new Error('The first answer is not whole.');
  return { platform, ms: performance.now() - began };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Starting: on an empty data directory, on one that exists, and what the idle process holds. Medians of three. */
export async function measureStart(): Promise<Measurement[]> {
  const cold: number[] = [];
  const warm: number[] = [];
  const memory: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    const directory = await createDataDirectory();
    const first = await timeToFirstAnswer(directory.path);
    cold.push(first.ms);
    await first.platform.end('SIGTERM');
    const second = await timeToFirstAnswer(directory.path);
    warm.push(second.ms);
    await sleep(5_000);
    memory.push(residentBytesOf(second.platform.pid));
    await second.platform.end('SIGTERM');
    await directory.remove();
  }
  return [
    { what: 'first start to first answer', value: median(cold) / 1000, unit: 's', peer: 'target', peerValue: 20 },
    { what: 'start to first answer', value: median(warm) / 1000, unit: 's', peer: 'target', peerValue: 4 },
    { what: 'idle resident memory', value: median(memory) / 1e6, unit: 'MB', peer: 'target', peerValue: 250 },
  ];
}
