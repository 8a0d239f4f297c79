import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from '@jest/globals';
import { connectHttp, HttpConnectionError } from '../../gateway/connections/http.ts';
import type { SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import { anonymousContext } from '../support/federation/engine.ts';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

function connect(url: string, options: Partial<Parameters<typeof connectHttp>[0]> = {}) {
  return connectHttp({ url, timeoutMs: 10_000, maxBodyBytes: 1_000, headers: () => ({}), ...options });
}

const request: SubgraphRequest = {
  document: 'query Me($id: ID!) { user(id: $id) { name } }',
  operationName: 'Me',
  operationKind: 'query',
  variables: { id: 'u1' },
  context: anonymousContext,
};

/** A listener that answers with a body of one media type. */
function answer(body: string, type = 'application/graphql-response+json', status = 200): RequestListener {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': type }).end(body);
  };
}

describe('an HTTP connection', () => {
  test('posts the operation, with the headers it was told to send and no others', async () => {
    let received: { body: unknown; headers: IncomingMessage['headers'] } | undefined;
    const url = await serve(async (incoming: IncomingMessage, response: ServerResponse) => {
      received = { body: await json(incoming), headers: incoming.headers };
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' }).end('{"data":{"user":null}}');
    });
    const connection = connect(url, {
      headers: ({ context }) => ({ 'x-correlation-id': context.correlationId, accept: 'text/html' }),
    });
    expect(await connection(request)).toEqual({ data: { user: null }, hasPlainTexts: true });
    expect(received?.body).toEqual({ query: request.document, operationName: 'Me', variables: { id: 'u1' } });
    expect(received?.headers).toMatchObject({
      accept: 'application/graphql-response+json, application/json;q=0.9',
      'content-type': 'application/json',
      'x-correlation-id': 'test-correlation',
    });
  });

  test('takes a GraphQL response of any status', async () => {
    const connection = connect(await serve(answer('{"errors":[{"message":"no"}]}', undefined, 400)));
    expect(await connection(request)).toMatchObject({ errors: [{ message: 'no' }] });
  });

  test.each([
    ['plain JSON of a failing server', answer('{"errors":[{"message":"no"}]}', 'application/json', 500)],
    ['HTML', answer('<html></html>', 'text/html', 200)],
    ['no media type', answer('{"data":{}}', '', 200)],
    ['what is not JSON', answer('{"data":')],
    ['JSON that is no response', answer('{"message":"no"}')],
    ['JSON that is no object', answer('null')],
    ['an empty body', answer('')],
  ])('refuses %s', async (_, listener) => {
    await expect(connect(await serve(listener))(request)).rejects.toBeInstanceOf(HttpConnectionError);
  });

  test('knows itself whether a text of the answer needs escapes, whatever the subgraph says', async () => {
    const answers = ['{"data":{"a":"\\u0022"},"hasPlainTexts":true}', '{"data":{"a":"é"},"hasPlainTexts":false}'];
    const [escaped, plain] = await Promise.all(
      answers.map(async (body) => await connect(await serve(answer(body)))(request)),
    );
    expect([escaped, plain]).toEqual([
      { data: { a: '"' }, hasPlainTexts: false },
      { data: { a: 'é' }, hasPlainTexts: true },
    ]);
  });

  test('follows no redirect', async () => {
    let visits = 0;
    const target = await serve((_request, response) => {
      visits += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{}}');
    });
    const url = await serve((_request, response) => {
      response.writeHead(307, { location: target }).end();
    });
    await expect(connect(url)(request)).rejects.toBeInstanceOf(HttpConnectionError);
    expect(visits).toBe(0);
  });

  test('refuses a body that breaks off', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"data":', () => response.destroy());
    });
    await expect(connect(url)(request)).rejects.toBeInstanceOf(HttpConnectionError);
  });

  test('stops reading a body that is too large, and closes it', async () => {
    const closed = Promise.withResolvers<void>();
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const writeMore = () => response.write(' '.repeat(500), (error) => error ?? setImmediate(writeMore));
      writeMore();
      response.on('close', closed.resolve);
    });
    await expect(connect(url)(request)).rejects.toThrow('The answer is larger than 1000 bytes.');
    await closed.promise;
  });

  test('counts the bytes of a body as they are after decompression', async () => {
    const body = gzipSync(`{"data":{"user":"${'x'.repeat(50_000)}"}}`);
    expect(body.byteLength).toBeLessThan(1_000);
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(body);
    });
    await expect(connect(url)(request)).rejects.toThrow('The answer is larger than 1000 bytes.');
  });

  test.each([
    ['does not answer', () => undefined],
    ['does not end its answer', (response: ServerResponse) => response.writeHead(200, json200).write('{')],
  ])('gives up on a subgraph that %s in time', async (_, respond) => {
    const url = await serve((_request, response) => void respond(response));
    await expect(connect(url, { timeoutMs: 30 })(request)).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('ends with the signal of the request', async () => {
    const abortion = new AbortController();
    const url = await serve(() => abortion.abort(new Error('The client is gone.')));
    const context = { ...anonymousContext, signal: abortion.signal };
    await expect(connect(url)({ ...request, context })).rejects.toThrow('The client is gone.');
  });

  test('names neither URL nor answer in an error', async () => {
    const refused = await serve(() => {});
    for (const server of servers.splice(0)) server.close();
    const urls = [refused, await serve(answer('{"password": "x"')), await serve(answer('secret', 'text/html', 503))];
    for (const url of urls) {
      const error: unknown = await connect(url)(request).catch((cause: unknown) => cause);
      expect(String(error)).toMatch(/^HttpConnectionError: The /);
      expect(String(error)).not.toMatch(/127\.0\.0\.1|password|secret/);
    }
  });
});

const json200 = { 'content-type': 'application/json' };
