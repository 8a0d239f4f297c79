import { WebSocket } from 'ws';
import { sharedClock } from './fed-server.ts';

/** What a process of subscribers is told to open: each subscriber on a socket of its own. */
export interface SubscribeJob {
  readonly url: string;
  readonly query: string;
  /** What each subscriber sends first, and its variables. */
  readonly subscribers: readonly {
    readonly init: Readonly<Record<string, unknown>>;
    readonly variables: Readonly<Record<string, unknown>>;
    /** How many subscriptions it has on its socket; 1 by default. */
    readonly subscriptions?: number;
  }[];
}

/** What came since the last question. */
export interface Received {
  readonly messages: number;
  readonly changes: number;
  /** Milliseconds from the publication of the newest change of a message to its arrival here. */
  readonly p50: number;
  readonly p99: number;
  /** Whatever is no event: errors, and the ends of subscriptions and sockets. */
  readonly failures: readonly string[];
}

export type SubscribersCommand =
  | { readonly kind: 'subscribe'; readonly job: SubscribeJob }
  /** Asks what came, to begin anew; or how much came so far. */
  | { readonly kind: 'received' }
  | { readonly kind: 'progress' }
  /** Some of the sockets, counted from the first, are no longer read, or are again. */
  | { readonly kind: 'pause' | 'resume'; readonly count: number };

/** So many sockets are opened at a time: a server's queue of connections is short. */
const openingAtOnce = 200;

const sockets: WebSocket[] = [];
let latencies: number[] = [];
let changes = 0;
let messages = 0;
let failures: string[] = [];

/** Counts an event without parsing it: whoever measures should use little of the processor. */
function count(text: string): void {
  const last = text.lastIndexOf('"at":');
  messages += 1;
  if (last < 0) return;
  latencies.push(ageOf(text.slice(last + 5, last + 31)));
  for (let at = text.indexOf('"at":'); at >= 0; at = text.indexOf('"at":', at + 5)) changes += 1;
}

/** How long ago something was, in milliseconds: by the shared clock, or as the log writes it, to the millisecond. */
function ageOf(at: string): number {
  if (at.startsWith('"')) return Date.now() - Date.parse(at.slice(1, at.indexOf('"', 1)));
  return sharedClock() - Number.parseFloat(at);
}

/** Resolves when the server has answered a ping that was sent after the subscription. */
function subscribe(
  { url, query }: SubscribeJob,
  { init, variables, subscriptions = 1 }: SubscribeJob['subscribers'][number],
) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
  sockets.push(socket);
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: init })));
  socket.on('message', (data) => {
    const text = String(data);
    if (text.includes('"type":"next"')) return count(text);
    const { type } = JSON.parse(text) as { readonly type: string };
    if (type === 'connection_ack') {
      for (let id = 1; id <= subscriptions; id += 1) {
        socket.send(JSON.stringify({ id: String(id), type: 'subscribe', payload: { query, variables } }));
      }
      socket.send(JSON.stringify({ type: 'ping' }));
    } else if (type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
    else if (type === 'pong') resolve();
    else failures.push(text.slice(0, 500));
  });
  socket.on('close', (code, reason) => {
    failures.push(`closed with ${code} ${reason}`);
    reject(new Error(`closed with ${code} ${reason}`));
  });
  socket.on('error', reject);
  return promise;
}

async function subscribeAll(job: SubscribeJob): Promise<void> {
  const waiting = job.subscribers.values();
  const openInTurn = async () => {
    for (const subscriber of waiting) await subscribe(job, subscriber);
  };
  await Promise.all(Array.from({ length: openingAtOnce }, openInTurn));
}

function takeReceived(): Received {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  const received = { messages, changes, p50: at(0.5), p99: at(0.99), failures };
  [messages, changes, latencies, failures] = [0, 0, [], []];
  return received;
}

/** The subscribers as a process of their own: every message is a command, every answer what came of it. */
process.on('message', (command: SubscribersCommand) => {
  if (command.kind === 'received') process.send?.(takeReceived());
  else if (command.kind === 'progress') process.send?.({ changes, failures });
  else if (command.kind === 'subscribe') {
    subscribeAll(command.job).then(
      () => process.send?.({ failures }),
      (error: Error) => process.send?.({ failures: [error.message] }),
    );
  } else {
    for (const socket of sockets.slice(0, command.count)) socket[command.kind]();
    process.send?.({ failures: [] });
  }
});
process.on('disconnect', () => process.exit());
