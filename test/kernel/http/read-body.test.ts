import { once } from 'node:events';
import { createServer, type IncomingMessage, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { readBody } from '../../../kernel/http/read-body.ts';

const servers: ReturnType<typeof createServer>[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Serves with a function that gives what became of each request, and posts to it; `client` sends the body. */
async function post<Result>(handle: (request: IncomingMessage) => Promise<Result>, client: (body: Client) => void) {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const server = createServer((request, response) => {
    handle(request)
      .then(resolve, reject)
      .finally(() => response.end());
  });
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  const sent = send({ port: (server.address() as AddressInfo).port, method: 'POST' });
  sent.on('error', () => {}).flushHeaders();
  client(sent);
  return await promise;
}

type Client = ReturnType<typeof send>;

test('a body that comes in pieces is read whole', async () => {
  const read = await post(
    (request) => readBody(request, 100),
    (client) => {
      client.write('one ');
      setImmediate(() => client.end('two'));
    },
  );
  expect(read.toString()).toBe('one two');
});

test('an empty body is read as empty', async () => {
  const read = await post(
    (request) => readBody(request, 100),
    (client) => client.end(),
  );
  expect(read).toHaveLength(0);
});

test('a body that turns out to be too large is refused', async () => {
  const refused = post(
    (request) => readBody(request, 5),
    (client) => {
      client.write('123');
      setImmediate(() => client.end('456'));
    },
  );
  await expect(refused).rejects.toMatchObject({ code: 'OPERATION_LIMIT_EXCEEDED' });
});

test('reading ends when the client goes away', async () => {
  const client = Promise.withResolvers<Client>();
  const refused = post(
    async (request) => {
      const reading = readBody(request, 100);
      (await client.promise).destroy();
      return await reading;
    },
    (sent) => {
      sent.write('half');
      client.resolve(sent);
    },
  );
  await expect(refused).rejects.toThrow();
});

test.each(['half of it', 'all of it'])('a client that has gone, having sent %s, is not waited for', async (sent) => {
  const client = Promise.withResolvers<Client>();
  const refused = post(
    async (request) => {
      const closed = once(request, 'close').catch(() => {});
      (await client.promise).destroy();
      await closed;
      return await readBody(request, 100);
    },
    (body) => {
      if (sent === 'half of it') body.write('half');
      else body.end('whole');
      client.resolve(body);
    },
  );
  await expect(refused).rejects.toThrow();
});
