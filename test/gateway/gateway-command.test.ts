import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../gateway/supergraph/supergraph.ts';
import { type HttpSubgraph, serveOverHttp } from '../support/federation/http-subgraph.ts';
import { createTestSubgraph, type TestSubgraph } from '../support/federation/subgraph.ts';
import { PanoramaEnded, type PanoramaProcess, startPanorama } from '../support/panorama-process.ts';
import { createDataDirectory } from '../support/platform.ts';

interface Answer {
  readonly status: number;
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

const fastPolling = 'supergraph: {intervalMs: 20, timeoutMs: 2000}\n';
const twoApps = '{ products { name stock } }';
const products = [{ id: 'p1', name: 'Lamp', price: 30 }];

describe('panorama gateway', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  const stops: (() => Promise<unknown>)[] = [];
  /** What the catalogue waits for before it answers `slow`. */
  let gate: PromiseWithResolvers<string>;
  let slowAsked: PromiseWithResolvers<void>;
  let catalogue: HttpSubgraph;
  let stock: HttpSubgraph;

  beforeEach(async () => {
    directory = await createDataDirectory();
    gate = Promise.withResolvers();
    slowAsked = Promise.withResolvers();
    catalogue = await serve(catalogueOf('name: String price: Int'));
    stock = await serve(stockSubgraph);
  });

  afterEach(async () => {
    gate.resolve('released');
    for (const stop of stops.splice(0).reverse()) await stop();
    await directory.remove();
  });

  async function serve(subgraph: TestSubgraph): Promise<HttpSubgraph> {
    const served = await serveOverHttp(subgraph);
    stops.push(() => served.stop());
    return served;
  }

  function catalogueOf(fields: string): TestSubgraph {
    const sdl = `type Query { products: [Product!]!  slow: String  late: String }
      type Product @key(fields: "id") { id: ID! ${fields} }`;
    const slow = () => {
      slowAsked.resolve();
      return gate.promise;
    };
    return createTestSubgraph('catalogue', sdl, {
      Query: { products: () => products, slow, late: () => new Promise(() => {}) },
    });
  }

  const stockSubgraph = createTestSubgraph('stock', 'type Product @key(fields: "id") { id: ID!  stock: Int }', {
    Product: { __resolveReference: ({ id }: { id: string }) => ({ id, stock: 7 }) },
  });

  /** The supergraph of both; the products have these fields in the catalogue. */
  function compose(fields = 'name: String', urls = { catalogue: catalogue.url, stock: stock.url }): string {
    return composeSupergraph([
      { name: 'catalogue', url: urls.catalogue, sdl: catalogueOf(fields).sdl },
      { name: 'stock', url: urls.stock, sdl: stockSubgraph.sdl },
    ]);
  }

  const path = (name: string) => join(directory.path, name);
  const file = () => path('supergraph.graphql');

  /** Puts a text in the place of a file at once, as a deployment does. */
  async function replaceFile(name: string, text: string): Promise<void> {
    await writeFile(`${name}.next`, text);
    await rename(`${name}.next`, name);
  }

  async function start(supergraph: string, config = fastPolling, settings = {}): Promise<PanoramaProcess> {
    await writeFile(path('gateway.yaml'), config);
    const args = ['gateway', '--supergraph', supergraph, '--port', '0', '--config', path('gateway.yaml')];
    const started = await startPanorama(args, { directory: directory.path, settings });
    stops.push(() => started.end('SIGTERM'));
    return started;
  }

  async function ask({ url }: PanoramaProcess, query: string, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
    return { status: response.status, ...((await response.json()) as object) };
  }

  async function readiness({ url }: PanoramaProcess): Promise<unknown> {
    return ((await (await fetch(`${url}/readyz`)).json()) as { status: string }).status;
  }

  /** Asks until the answer is this one. The time limit of the test ends it. */
  async function until(read: () => Promise<unknown>, expected: unknown): Promise<void> {
    while (JSON.stringify(await read()) !== JSON.stringify(expected)) await new Promise(setImmediate);
  }

  const untilPriced = (gateway: PanoramaProcess) =>
    until(() => ask(gateway, '{ products { price } }'), { status: 200, data: { products: [{ price: 30 }] } });

  test('serves the supergraph of a file anonymously, says where and which, and ends with SIGINT', async () => {
    const sdl = compose();
    await writeFile(file(), sdl);
    const gateway = await start('supergraph.graphql');
    expect(gateway.stdout).toContain(`${gateway.url}/graphql`);
    expect(gateway.stdout).toContain(loadSupergraph(sdl).id);
    expect(await ask(gateway, twoApps)).toEqual({ status: 200, data: { products: [{ name: 'Lamp', stock: 7 }] } });
    expect(await ask(gateway, '{ __type(name: "Product") { kind } }')).toEqual({
      status: 200,
      data: { __type: { kind: 'OBJECT' } },
    });
    expect(await readiness(gateway)).toBe('HEALTHY');
    expect((await fetch(`${gateway.url}/`)).status).toBe(404);
    expect(await gateway.end('SIGINT')).toBe(0);
  });

  test('serves another supergraph once the file has changed, and no request fails meanwhile', async () => {
    await writeFile(file(), compose());
    const gateway = await start(file());
    let isOver = false;
    let answered = 0;
    const failures: Answer[] = [];
    const load = async () => {
      while (!isOver) {
        const answer = await ask(gateway, twoApps);
        answered += 1;
        if (answer.status !== 200 || answer.errors) failures.push(answer);
      }
    };
    const clients = Array.from({ length: 8 }, load);
    for (const fields of ['name: String price: Int', 'name: String', 'name: String price: Int']) {
      await replaceFile(file(), compose(fields));
      await (fields.includes('price')
        ? untilPriced(gateway)
        : until(async () => (await ask(gateway, '{ products { price } }')).status, 400));
    }
    isOver = true;
    await Promise.all(clients);
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(20);
  });

  test('answers a request by the supergraph that it began with', async () => {
    await writeFile(file(), compose());
    const gateway = await start(file());
    const running = ask(gateway, '{ slow products { stock } }');
    await slowAsked.promise;
    // The new supergraph knows neither the field nor a subgraph that could be reached.
    const sdl = 'type Query { other: String }';
    await replaceFile(file(), composeSupergraph([{ name: 'other', url: 'http://127.0.0.1:9/', sdl }]));
    await until(async () => (await ask(gateway, twoApps)).status, 400);
    gate.resolve('done');
    expect(await running).toEqual({ status: 200, data: { slow: 'done', products: [{ stock: 7 }] } });
  });

  test.each([
    ['is no GraphQL', () => 'type Query {'],
    ['is no supergraph', () => 'type Query { products: Int }'],
    [
      'has a subgraph without an HTTP URL',
      () => compose('name: String', { catalogue: 'in-process://catalogue', stock: stock.url }),
    ],
  ])('keeps what it serves when the file %s, says so, and takes the next one', async (_, broken) => {
    await writeFile(file(), compose());
    const gateway = await start(file());
    await replaceFile(file(), broken());
    await until(() => readiness(gateway), 'DEGRADED');
    expect(await ask(gateway, twoApps)).toMatchObject({ status: 200, data: { products: [{ name: 'Lamp' }] } });
    expect(gateway.stderr()).toContain('SupergraphError');
    await replaceFile(file(), compose('name: String price: Int'));
    await untilPriced(gateway);
    expect(await readiness(gateway)).toBe('HEALTHY');
    expect(gateway.stderr().trim().split('\n')).toHaveLength(1);
  });

  test('keeps what it serves when the file is gone', async () => {
    await writeFile(file(), compose());
    const gateway = await start(file());
    await rename(file(), path('elsewhere.graphql'));
    await until(() => readiness(gateway), 'DEGRADED');
    expect((await ask(gateway, twoApps)).errors).toBeUndefined();
    await rename(path('elsewhere.graphql'), file());
    await until(() => readiness(gateway), 'HEALTHY');
  });

  describe('with a URL', () => {
    let respond: RequestListener;
    let url: string;
    let asked: (string | undefined)[];

    beforeEach(async () => {
      asked = [];
      const server = createServer((request, response) => {
        asked.push(request.headers['if-none-match']);
        respond(request, response);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      stops.push(async () => server.close().closeAllConnections());
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/supergraph?token=secret`;
    });

    /** Answers with a supergraph, or with 304 to who has it. */
    const offering =
      (etag: string, sdl: string): RequestListener =>
      (request, response) => {
        const isKnown = request.headers['if-none-match'] === etag;
        response.writeHead(isKnown ? 304 : 200, { etag }).end(isKnown ? undefined : sdl);
      };

    test('fetches a supergraph, and again only when it has changed', async () => {
      respond = offering('"one"', compose());
      const gateway = await start(url);
      await until(async () => asked.length > 2, true);
      expect(asked.slice(0, 3)).toEqual([undefined, '"one"', '"one"']);
      expect((await ask(gateway, twoApps)).errors).toBeUndefined();
      respond = offering('"two"', compose('name: String price: Int'));
      await untilPriced(gateway);
    });

    test.each<[string, RequestListener]>([
      ['fails', (_, response) => response.writeHead(500).end('type Query { wrong: Int }')],
      ['leads elsewhere', (_, response) => response.writeHead(302, { location: '/other' }).end()],
      [
        'breaks off',
        (_, response) => response.writeHead(200, { 'content-length': '1000' }).write('type', () => response.destroy()),
      ],
    ])('keeps what it serves when the URL %s, and never shows the secrets in it', async (_, failing) => {
      respond = offering('"one"', compose());
      const gateway = await start(url);
      respond = failing;
      await until(() => readiness(gateway), 'DEGRADED');
      expect((await ask(gateway, twoApps)).errors).toBeUndefined();
      expect(gateway.stderr()).not.toContain('secret');
      respond = offering('"one"', compose());
      await until(() => readiness(gateway), 'HEALTHY');
    });
  });

  test('sends a subgraph the headers that it may see, and no others', async () => {
    await writeFile(file(), compose());
    const config =
      'everySubgraph: {forwardHeaders: [X-Locale]}\nsubgraphs: {stock: {forwardHeaders: [authorization]}}\n';
    const gateway = await start(file(), config);
    const sent = { 'x-locale': 'da', authorization: 'Bearer of-a-client', cookie: 'a=b', 'x-correlation-id': 'corr-9' };
    expect((await ask(gateway, twoApps, sent)).errors).toBeUndefined();
    expect(catalogue.headers[0]).toMatchObject({ 'x-locale': 'da', 'x-correlation-id': 'corr-9' });
    expect(stock.headers[0]).toMatchObject({ authorization: 'Bearer of-a-client', 'x-correlation-id': 'corr-9' });
    for (const name of ['authorization', 'cookie']) expect(catalogue.headers[0]).not.toHaveProperty(name);
    for (const name of ['x-locale', 'cookie']) expect(stock.headers[0]).not.toHaveProperty(name);
  });

  test('reaches a subgraph where its configuration says, and gives it the time that it says', async () => {
    await writeFile(
      file(),
      compose('name: String', { catalogue: catalogue.url, stock: 'http://stock.invalid/graphql' }),
    );
    const config = `subgraphs:\n  stock: {url: "${stock.url}"}\n  catalogue: {timeoutMs: 400}\n`;
    const gateway = await start(file(), config);
    expect(await ask(gateway, '{ late }')).toMatchObject({
      status: 200,
      data: { late: null },
      errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE', app: 'catalogue' } }],
    });
    expect((await ask(gateway, twoApps)).data).toEqual({ products: [{ name: 'Lamp', stock: 7 }] });
  });

  test('hides its schema and limits requests as its configuration says', async () => {
    await writeFile(file(), compose());
    const gateway = await start(file(), 'introspection: false\nmaxRequestBytes: 1024\n');
    expect(await ask(gateway, '{ __schema { types { name } } }')).toMatchObject({ status: 403 });
    const mistake = await ask(gateway, '{ product { name } }');
    expect(mistake.errors?.[0]?.message).toBe('Cannot query field "product" on type "Query".');
    expect(await ask(gateway, `{ products { name } } # ${'x'.repeat(2_000)}`)).toMatchObject({
      status: 413,
      errors: [{ extensions: { limit: 'requestBytes', value: 1024 } }],
    });
  });

  test('lets a running request end when it is asked to stop, and exits with 0', async () => {
    await writeFile(file(), compose());
    const gateway = await start(file());
    const running = ask(gateway, '{ slow }');
    await slowAsked.promise;
    const ended = gateway.end('SIGTERM');
    await until(async () => gateway.stderr().includes('Stopping'), true);
    gate.resolve('done');
    expect(await running).toEqual({ status: 200, data: { slow: 'done' } });
    expect(await ended).toBe(0);
  });

  describe('ends with exit code 2 and one clear message', () => {
    async function startWrongly(...args: readonly string[]): Promise<string> {
      const failure = await startPanorama(['gateway', ...args], { directory: directory.path }).catch(
        (error: unknown) => error,
      );
      expect(failure).toBeInstanceOf(PanoramaEnded);
      const { code, message } = failure as PanoramaEnded;
      expect(code).toBe(2);
      expect(message).not.toMatch(/\n\s+at |node_modules/);
      return message;
    }

    test('without a supergraph', async () => {
      expect(await startWrongly()).toContain('--supergraph <file or URL>');
    });

    test('for a file that is not there', async () => {
      expect(await startWrongly('--supergraph', 'none.graphql')).toMatch(/cannot be read: ENOENT.*none\.graphql/);
    });

    test('for a file that is no supergraph', async () => {
      await writeFile(file(), 'type Query { a: Int }');
      expect(await startWrongly('--supergraph', file())).toContain('not a supergraph that can be served');
    });

    test('for a URL that does not answer', async () => {
      const gone = await serveOverHttp(stockSubgraph);
      await gone.stop();
      expect(await startWrongly('--supergraph', gone.url)).toMatch(/gave no supergraph: .*ECONNREFUSED/);
    });

    test('for a configuration with mistakes: each is named, an unknown key with the nearest known one', async () => {
      await writeFile(file(), compose());
      const config =
        'introspecton: true\nsubgraphs:\n  stock: {timeout: 3, url: ftp://stock, forwardHeaders: [Host]}\n';
      await writeFile(path('gateway.yaml'), config);
      const message = await startWrongly('--supergraph', file(), '--config', path('gateway.yaml'));
      expect(message).toContain('There is no key "introspecton". Did you mean "introspection"?');
      expect(message).toContain('subgraphs.stock: There is no key "timeout". Did you mean "timeoutMs"?');
      expect(message).toContain('subgraphs.stock.url: A URL that begins with http: or https: is expected.');
      expect(message).toContain('subgraphs.stock.forwardHeaders.0: This header is set by the gateway');
    });
  });
});
