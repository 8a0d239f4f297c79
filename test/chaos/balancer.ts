import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** One address in front of processes that come and go: each connection goes to one of them, and breaks with it. */
export interface Balancer {
  readonly port: number;
  /** Where connections go from now on; with none, they are closed at once. */
  setTargets(ports: readonly number[]): void;
  close(): Promise<void>;
}

/** Ties two sockets together: what comes by one goes out by the other, and the end of one is the end of both. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}

export async function openBalancer(): Promise<Balancer> {
  const open = new Set<Socket>();
  let targets: readonly number[] = [];
  let connections = 0;
  const server = createServer({ noDelay: true }, (client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => client.destroy());
    const port = targets[connections++ % Math.max(1, targets.length)];
    if (port === undefined) client.destroy();
    else join(client, connect({ port, host: '127.0.0.1', noDelay: true }));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    setTargets(ports) {
      targets = ports;
    },
    close() {
      const closed = new Promise<void>((done) => server.close(() => done()));
      for (const socket of open) socket.destroy();
      return closed;
    },
  };
}
