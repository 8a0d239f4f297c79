import type { LoadJob, LoadSample } from './generator.ts';
import { nextMessage, startScript } from './script.ts';

/** Runs jobs of load, one at a time. */
export interface LoadGenerator {
  run(job: LoadJob): Promise<LoadSample>;
  stop(): void;
}

/** Starts the load generator. */
export function startLoadGenerator(): LoadGenerator {
  const child = startScript(new URL('generator.ts', import.meta.url));
  return {
    async run(job) {
      child.send(job);
      const reply = await nextMessage<{ sample: LoadSample } | { failure: string }>(child);
      if ('failure' in reply) throw new Error(`${job.url}: ${reply.failure}`);
      return reply.sample;
    },
    stop: () => child.disconnect(),
  };
}
