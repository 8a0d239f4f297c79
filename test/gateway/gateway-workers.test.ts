import { writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { type HttpSubgraph, serveOverHttp } from '../support/federation/http-subgraph.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';
import { PanoramaEnded, type PanoramaProcess, startPanorama } from '../support/panorama-process.ts';
import { createDataDirectory } from '../support/platform.ts';

interface LogLine {
  readonly msg: string;
  readonly worker?: number;
  readonly delayMs?: number;
}

describe('panorama gateway --workers', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let catalogue: HttpSubgraph;
  /** What the catalogue waits for before it answers `slow`. */
  let gate: PromiseWithResolvers<string>;
  let slowAsked: PromiseWithResolvers<void>;
  let gateway: PanoramaProcess | undefined;

  beforeEach(async () => {
    directory = await createDataDirectory();
    gate = Promise.withResolvers();
    slowAsked = Promise.withResolvers();
    const slow = () => {
      slowAsked.resolve();
      return gate.promise;
    };
    const sdl = 'type Query { name: String  price: Int  slow: String }';
    catalogue = await serveOverHttp(
      createTestSubgraph('catalogue', sdl, { Query: { name: () => 'Lamp', price: () => 30, slow } }),
    );
    await writeSupergraph('name: String  slow: String');
  });

  afterEach(async () => {
    gate.resolve('released');
    await gateway?.end('SIGTERM');
    gateway = undefined;
    await catalogue.stop();
    await directory.remove();
  });

  const file = () => join(directory.path, 'supergraph.graphql');

  async function writeSupergraph(fields: string): Promise<void> {
    const sdl = `type Query { ${fields} }`;
    await writeFile(file(), composeSupergraph([{ name: 'catalogue', url: catalogue.url, sdl }]));
  }

  async function start(workers: string): Promise<PanoramaProcess> {
    await writeFile(join(directory.path, 'gateway.yaml'), 'supergraph: {intervalMs: 20}\n');
    const args = ['gateway', '--supergraph', file(), '--config', 'gateway.yaml', '--port', '0', '--workers', workers];
    const started = await startPanorama(args, { directory: directory.path, settings: { LOG_LEVEL: 'info' } });
    gateway = started;
    // The log comes on another way than the text that says where it serves.
    await until(() => serving(started).length === Number(workers));
    return started;
  }

  /** The lines of the log with this message. */
  function logged({ stderr }: PanoramaProcess, message: string): readonly LogLine[] {
    const lines = stderr()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines.map((line) => JSON.parse(line) as LogLine).filter(({ msg }) => msg === message);
  }

  const serving = (of: PanoramaProcess) => logged(of, 'A worker serves').map(({ worker }) => worker ?? 0);
  const replaced = (of: PanoramaProcess) => logged(of, 'A worker ended, another takes its place');

  /** The time limit of the test ends it. */
  async function until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise(setImmediate);
  }

  /** Asks on a connection of its own: the next one goes to the next worker. */
  async function ask({ url }: PanoramaProcess, query: string): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const sent = request(`${url}/graphql?query=${encodeURIComponent(query)}`, { agent: false }, (response) => {
      text(response).then(resolve, reject);
    });
    sent.once('error', reject).end();
    return JSON.parse(await promise);
  }

  function askMany(of: PanoramaProcess, query: string): Promise<unknown[]> {
    return Promise.all(Array.from({ length: 12 }, () => ask(of, query)));
  }

  const allNamed = Array.from({ length: 12 }, () => ({ data: { name: 'Lamp' } }));

  function isAlive(pid: number): boolean {
    try {
      return process.kill(pid, 0);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  }

  test('serves in several processes behind one port, and says so once', async () => {
    const running = await start('2');
    expect(running.stdout).toContain('Workers     2');
    expect(running.stdout.match(/Panorama serves/g)).toHaveLength(1);
    expect(new Set(serving(running)).size).toBe(2);
    expect(serving(running)).not.toContain(running.pid);
    expect(await askMany(running, '{ name }')).toEqual(allNamed);
  });

  test('puts another worker in the place of one that is killed, later each time, and no request after that fails', async () => {
    const running = await start('2');
    const [first = 0, second = 0] = serving(running);
    process.kill(first, 'SIGKILL');
    await until(() => serving(running).length === 3);
    expect(await askMany(running, '{ name }')).toEqual(allNamed);
    const third = serving(running)[2] ?? 0;
    process.kill(third, 'SIGKILL');
    await until(() => serving(running).length === 4);
    expect(await askMany(running, '{ name }')).toEqual(allNamed);
    expect(replaced(running)).toMatchObject([
      { worker: first, reason: 'SIGKILL', delayMs: 100 },
      { worker: third, reason: 'SIGKILL', delayMs: 200 },
    ]);
    expect(isAlive(second)).toBe(true);
  });

  test('fails no request while its workers are renewed one after the other', async () => {
    const running = await start('2');
    let isOver = false;
    const answers: unknown[] = [];
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) answers.push(await ask(running, '{ name }'));
    });
    const workers = serving(running);
    for (const [index, pid] of workers.entries()) {
      process.kill(pid, 'SIGTERM');
      await until(() => serving(running).length === workers.length + index + 1);
    }
    isOver = true;
    await Promise.all(clients);
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter((answer) => JSON.stringify(answer) !== '{"data":{"name":"Lamp"}}')).toEqual([]);
  });

  test('serves another supergraph in every worker once the file has changed', async () => {
    const running = await start('2');
    await writeSupergraph('name: String  price: Int');
    await until(() => new Set(logged(running, 'Another supergraph is served').map(({ worker }) => worker)).size === 2);
    const answers = await askMany(running, '{ price }');
    expect(answers).toEqual(allNamed.map(() => ({ data: { price: 30 } })));
  });

  test('lets running requests end when it is asked to stop, twice even, exits with 0 and leaves no process', async () => {
    const running = await start('2');
    const answer = ask(running, '{ slow }');
    await slowAsked.promise;
    const ended = running.end('SIGTERM');
    await until(() => running.stderr().includes('Stopping'));
    const endedAgain = running.end('SIGTERM');
    gate.resolve('done');
    expect(await answer).toEqual({ data: { slow: 'done' } });
    expect([await ended, await endedAgain]).toEqual([0, 0]);
    expect(serving(running).filter(isAlive)).toEqual([]);
    expect(replaced(running)).toEqual([]);
  });

  test('stops for Ctrl-C, which reaches every process of it, without a replacement', async () => {
    const running = await start('2');
    for (const pid of serving(running)) process.kill(pid, 'SIGINT');
    expect(await running.end('SIGINT')).toBe(0);
    expect(serving(running).filter(isAlive)).toEqual([]);
    expect(serving(running)).toHaveLength(2);
  });

  test('ends its workers when it is killed itself', async () => {
    const running = await start('2');
    await running.end('SIGKILL');
    await until(() => !serving(running).some(isAlive));
  });

  test('ends with exit code 2 and one message when no worker can serve', async () => {
    await writeFile(file(), 'type Query { a: Int }');
    const failure = (await start('3').catch((error: unknown) => error)) as PanoramaEnded;
    expect(failure).toBeInstanceOf(PanoramaEnded);
    expect(failure.code).toBe(2);
    expect(failure.message.match(/not a supergraph that can be served/g)).toHaveLength(1);
  });

  test.each(['0', '257'])('ends with exit code 2 for %s workers', async (workers) => {
    await expect(start(workers)).rejects.toMatchObject({
      code: 2,
      message: expect.stringContaining(`--workers cannot be "${workers}". Allowed: a whole number from 1 to 256.`),
    });
  });
});
