import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SubgraphStats } from '../gateway/subgraphs.ts';
import { createAnswerReader } from './answer-reader.ts';
import { cpuMsOf, cpuMsOfFamily, residentBytesOf } from './process-figures.ts';

/** A request that is sent again and again. Each `<n>` in it stands for a number, filled up with zeros. */
export interface RequestPattern {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly digits: number;
  /** The numbers go from 1 to this and begin anew; 1 makes all requests equal. */
  readonly count: number;
}

/** One run of load against one server. */
export interface LoadJob {
  readonly url: string;
  /** The server's process. */
  readonly pid: number;
  readonly request: RequestPattern;
  /** Bytes that a right answer has at least. */
  readonly answerBytes: number;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measuredMs: number;
  /** Where the subgraphs behind the server tell their `SubgraphStats`. */
  readonly statsUrl?: string;
  /** The database behind the server: the process that started all of its own. */
  readonly databasePid?: number;
}

/** What one run showed. */
export interface LoadSample {
  readonly requestsPerSecond: number;
  /** Latencies in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Processor time of the server's process per request, in milliseconds. */
  readonly cpuMs: number;
  /** The like of the database's processes; 0 where there is none. */
  readonly databaseCpuMs: number;
  readonly residentBytes: number;
  readonly subgraphCalls: number;
  /** How busy this process and the subgraphs were, in cores. */
  readonly loadCores: number;
  readonly subgraphCores: number;
}

/** One request and its answer, by the clock of this process. */
interface Exchange {
  readonly sentAt: number;
  readonly answeredAt: number;
}

/** Shared by all connections: a read is handled before the next one begins. */
const readBuffer = Buffer.allocUnsafe(512 * 1024);
let sent = 0;

function writeRequests({ url, request }: LoadJob): () => string {
  const { host, pathname } = new URL(url);
  const fill = (number: number) => String(number).padStart(request.digits, '0');
  const lines = Object.entries({
    ...request.headers,
    host,
    accept: 'application/json',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(request.body.replaceAll('<n>', fill(0))),
  }).map(([name, value]) => `${name}: ${value}`);
  const pieces = [`POST ${pathname} HTTP/1.1`, ...lines, '', request.body].join('\r\n').split('<n>');
  return () => {
    sent += 1;
    return pieces.join(fill((sent % request.count) + 1));
  };
}

/** Sends one request after the other on one connection until `isOver`; rejects for anything but a right answer. */
function sendRequests(job: LoadJob, isOver: () => boolean, onAnswer: (exchange: Exchange) => void): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { hostname, port } = new URL(job.url);
  const write = writeRequests(job);
  const read = createAnswerReader();
  let sentAt = 0;
  const onRead = (length: number): boolean => {
    const answer = read(readBuffer.subarray(0, length));
    if (!answer) return true;
    if (answer.status !== 200 || answer.bytes < job.answerBytes) {
      socket.destroy(new Error(`Answered with status ${answer.status} and ${answer.bytes} bytes.`));
      return false;
    }
    onAnswer({ sentAt, answeredAt: performance.now() });
    if (isOver()) socket.end(resolve);
    else send();
    return true;
  };
  const socket = connect({ host: hostname, port: Number(port), onread: { buffer: readBuffer, callback: onRead } });
  const send = () => {
    sentAt = performance.now();
    socket.write(write(), 'latin1');
  };
  socket.setNoDelay(true);
  socket.on('connect', send);
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('The server closed a connection.')));
  return promise;
}

const noSubgraphs: SubgraphStats = { calls: 0, cpuMs: 0 };

async function takeFigures({ pid, statsUrl, databasePid }: LoadJob) {
  const stats = statsUrl === undefined ? noSubgraphs : ((await (await fetch(statsUrl)).json()) as SubgraphStats);
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    cpuMs: cpuMsOf(pid),
    databaseCpuMs: databasePid === undefined ? 0 : cpuMsOfFamily(databasePid),
    loadMs: (user + system) / 1000,
    stats,
  };
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/**
 * How many requests fell into a window of time. One that reaches over an edge counts by its part inside: with many
 * connections and slow answers, counting those that end inside would be off by up to all connections.
 */
function countWithin(exchanges: readonly Exchange[], from: number, to: number): number {
  return exchanges.reduce((sum, { sentAt, answeredAt }) => {
    const inside = Math.min(answeredAt, to) - Math.max(sentAt, from);
    return sum + Math.max(0, inside) / (answeredAt - sentAt);
  }, 0);
}

async function measure(job: LoadJob): Promise<LoadSample> {
  const exchanges: Exchange[] = [];
  let over = false;
  const sending = Array.from({ length: job.connections }, () =>
    sendRequests(
      job,
      () => over,
      (exchange) => exchanges.push(exchange),
    ),
  );
  const sampling = async () => {
    await sleep(job.warmUpMs);
    const before = await takeFigures(job);
    await sleep(job.measuredMs);
    const after = await takeFigures(job);
    over = true;
    return { before, after, residentBytes: residentBytesOf(job.pid) };
  };
  const whole = Promise.all([sampling(), ...sending]).finally(() => {
    over = true;
  });
  const [{ before, after, residentBytes }] = await whole;
  const elapsedMs = after.at - before.at;
  const requests = countWithin(exchanges, before.at, after.at);
  const ended = exchanges.filter(({ answeredAt }) => answeredAt >= before.at && answeredAt < after.at);
  const latencies = Float64Array.from(ended, ({ sentAt, answeredAt }) => answeredAt - sentAt).sort();
  return {
    requestsPerSecond: (requests * 1000) / elapsedMs,
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
    cpuMs: (after.cpuMs - before.cpuMs) / requests,
    databaseCpuMs: (after.databaseCpuMs - before.databaseCpuMs) / requests,
    residentBytes,
    subgraphCalls: (after.stats.calls - before.stats.calls) / requests,
    loadCores: (after.loadMs - before.loadMs) / elapsedMs,
    subgraphCores: (after.stats.cpuMs - before.stats.cpuMs) / elapsedMs,
  };
}

/** The load generator as a process of its own: every message is a job, every answer its sample or what went wrong. */
process.on('message', (job: LoadJob) => {
  measure(job).then(
    (sample) => process.send?.({ sample }),
    (error: Error) => process.send?.({ failure: error.message }),
  );
});
process.on('disconnect', () => process.exit());
