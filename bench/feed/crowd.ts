import type { ChildProcess } from 'node:child_process';
import { nextMessage, startScript } from '../load/script.ts';
import type { Published, PublishJob, ServerCommand, ServerFigures } from './fed-server.ts';
import type { Received, SubscribeJob, SubscribersCommand } from './subscribers.ts';

/** A server of the bench, in a process of its own. */
export interface FedServer {
  readonly url: string;
  publish(job: PublishJob): Promise<Published>;
  /** Processor time so far. */
  cpuMs(): Promise<number>;
  figures(): Promise<ServerFigures>;
  /** Ends the process; resolves when it has ended. */
  stop(): Promise<void>;
}

/** Sends a command and waits for what comes of it. One at a time. */
function tell<Answer>(child: ChildProcess, command: ServerCommand | SubscribersCommand): Promise<Answer> {
  const answer = nextMessage<Answer>(child);
  child.send(command);
  return answer;
}

/** Starts a script that serves and obeys the bench. */
export async function startFedServer(script: URL, args: readonly string[] = []): Promise<FedServer> {
  const child = startScript(script, args);
  const { url } = await nextMessage<{ readonly url: string }>(child);
  return {
    url,
    publish: (job) => tell(child, { kind: 'publish', job }),
    cpuMs: async () => (await tell<Pick<ServerFigures, 'cpuMs'>>(child, { kind: 'cpu' })).cpuMs,
    figures: () => tell(child, { kind: 'figures' }),
    stop() {
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.disconnect();
      return ended;
    },
  };
}

/** Subscribers, spread over some processes. */
export interface Crowd {
  /** How many changes came since `received` was called, over all. Rejects when a subscription has ended. */
  count(): Promise<number>;
  /** What came to all of them together since the last question; the worst of the latencies. */
  received(): Promise<Received>;
  /** Stops or begins to read from the first sockets of the first process. */
  setReading(count: number, isRead: boolean): Promise<void>;
  stop(): void;
}

/** Opens all subscriptions; rejects when one is refused. */
export async function gatherCrowd(job: SubscribeJob, processes: number): Promise<Crowd> {
  const children = Array.from({ length: processes }, () => startScript(new URL('subscribers.ts', import.meta.url)));
  const share = Math.ceil(job.subscribers.length / processes);
  const stop = () => {
    for (const child of children) child.disconnect();
  };
  const answers = await Promise.all(
    children.map((child, index) => {
      const subscribers = job.subscribers.slice(index * share, (index + 1) * share);
      return tell<Pick<Received, 'failures'>>(child, { kind: 'subscribe', job: { ...job, subscribers } });
    }),
  );
  const assertWell = (all: readonly Pick<Received, 'failures'>[]) => {
    const [failure] = all.flatMap(({ failures }) => failures);
    if (failure === undefined) return;
    stop();
    throw new Error(`A subscription ended: ${failure}`);
  };
  assertWell(answers);
  return {
    async count() {
      const all = await Promise.all(
        children.map((child) => tell<Pick<Received, 'changes' | 'failures'>>(child, { kind: 'progress' })),
      );
      assertWell(all);
      return all.reduce((sum, { changes }) => sum + changes, 0);
    },
    async received() {
      const all = await Promise.all(children.map((child) => tell<Received>(child, { kind: 'received' })));
      return {
        messages: all.reduce((sum, { messages }) => sum + messages, 0),
        changes: all.reduce((sum, { changes }) => sum + changes, 0),
        p50: Math.max(...all.map(({ p50 }) => p50)),
        p99: Math.max(...all.map(({ p99 }) => p99)),
        failures: all.flatMap(({ failures }) => failures),
      };
    },
    async setReading(count, isRead) {
      const [first] = children;
      if (first) await tell(first, { kind: isRead ? 'resume' : 'pause', count });
    },
    stop,
  };
}
