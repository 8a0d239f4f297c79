import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { obeyBench } from './fed-server.ts';

/*
 * What no server in Node goes below: the same bytes, made once for each tenant, written to as many sockets and nothing
 * else. It shakes hands as the protocol wants it; then there are no operations, no pings, no limits and no cursors. What
 * it costs is what the system takes to send so many messages, and to wake those who read them on the same machine.
 */
const connections = new Map<string, Set<Socket>>();

interface Message {
  readonly type: string;
  readonly payload: Readonly<Record<string, string>>;
}

const server = createServer();
const sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'graphql-transport-ws' });
server.on('upgrade', (request, connection: Socket, head) => {
  sockets.handleUpgrade(request, connection, head, (socket) => {
    let tenant = '';
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse(String(data)) as Message;
      if (type === 'connection_init') {
        tenant = payload['x-tenant-key'] ?? '';
        socket.send('{"type":"connection_ack"}');
      } else if (type === 'ping') socket.send('{"type":"pong"}');
      else if (type === 'subscribe') {
        connections.set(tenant, (connections.get(tenant) ?? new Set()).add(connection));
      }
    });
    socket.on('close', () => connections.get(tenant)?.delete(connection));
  });
});

const textFrame = 0x81;
const length16 = 126;

/** A message in a frame, as all of them are here: longer than 125 bytes, shorter than 64 KiB. */
function frameOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.from([textFrame, length16, 0, 0]);
  head.writeUInt16BE(bytes.length, 2);
  return Buffer.concat([head, bytes]);
}

server.listen(0, '127.0.0.1', 4096, () => {
  const { port } = server.address() as AddressInfo;
  obeyBench(`ws://127.0.0.1:${port}/graphql`, (tenant, changes) => {
    const batch = { __typename: 'ChangeBatch', from: '1', to: '2', compacted: false, upToDate: true, changes };
    const frame = frameOf(JSON.stringify({ id: '1', type: 'next', payload: { data: { changes: batch } } }));
    for (const connection of connections.get(tenant) ?? []) connection.write(frame);
  });
});
