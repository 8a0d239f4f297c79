import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a process that serves tells the bench. */
export interface HostileFigures {
  readonly subgraphCalls: number;
  /** The longest time that the event loop did nothing else, in milliseconds. */
  readonly longestBlockMs: number;
  readonly cpuMs: number;
}

/** Tells the process that started this one where it serves, and its figures whenever it is asked. */
export function tellFigures(url: string, subgraphCalls: () => number): void {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  process.on('message', (message) => {
    if (message === 'begin') {
      delay.reset();
      process.send?.('begun');
      return;
    }
    const { user, system } = process.cpuUsage();
    const figures: HostileFigures = {
      subgraphCalls: subgraphCalls(),
      longestBlockMs: delay.max / 1e6,
      cpuMs: (user + system) / 1000,
    };
    process.send?.(figures);
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ url });
}
