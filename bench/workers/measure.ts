import { setTimeout as sleep } from 'node:timers/promises';
import { postShop, type RunningGateway } from '../gateway/gateways.ts';
import { requestOf } from '../gateway/operation.ts';
import type { LoadSample } from '../load/generator.ts';
import type { LoadGenerator } from '../load/load-generator.ts';
import { cpuMsOfFamily } from '../load/process-figures.ts';

/** One run of load on a gateway of one or several processes. */
export interface WorkersJob {
  readonly gateway: RunningGateway;
  readonly statsUrl: string;
  readonly connections: number;
  readonly measuredMs: number;
}

const warmUpMs = 500;

/** Runs load; the sample's processor time is that of all the gateway's processes, read while the load is measured. */
export async function measureWorkers(job: WorkersJob, generator: LoadGenerator): Promise<LoadSample> {
  const { gateway, statsUrl, connections, measuredMs } = job;
  const { url, pid } = gateway;
  const answerBytes = (await (await postShop(url)).bytes()).length;
  const measureCores = async () => {
    await sleep(warmUpMs);
    const before = { at: performance.now(), cpuMs: cpuMsOfFamily(pid) };
    await sleep(measuredMs);
    return (cpuMsOfFamily(pid) - before.cpuMs) / (performance.now() - before.at);
  };
  const [cores, sample] = await Promise.all([
    measureCores(),
    generator.run({ url, pid, statsUrl, answerBytes, connections, request: requestOf(true), warmUpMs, measuredMs }),
  ]);
  return { ...sample, cpuMs: (cores * 1000) / sample.requestsPerSecond };
}
