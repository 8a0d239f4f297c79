import { WebSocket } from 'ws';

/** Follows all changes of a tenant, may stop to read for as long as it likes, and then goes on where it was. */
export interface PatientClient {
  /** How many changes have come. */
  readonly count: number;
  /** How many batches did not begin where the one before had ended. */
  readonly gaps: number;
  pause(): void;
  resume(): void;
  close(): void;
}

interface Message {
  readonly type: string;
  readonly payload?: { readonly data?: { readonly changes?: Batch } };
}

interface Batch {
  readonly from: string;
  readonly to: string;
  readonly changes?: readonly object[];
}

const query = `subscription($after: Cursor) {
  changes(after: $after) { __typename ... on ChangeBatch { from to changes { type entityId version data } } ... on Resync { reason } }
}`;

/** Connects; a connection that the server closes is opened again at the own cursor. */
export function followPatiently(url: string, key: string): Promise<PatientClient> {
  const begun = Promise.withResolvers<PatientClient>();
  let cursor: string | undefined;
  let socket: WebSocket;
  let [count, gaps] = [0, 0];
  let isClosed = false;

  function take({ from, to, changes = [] }: Batch): void {
    if (cursor !== undefined && from !== cursor) gaps += 1;
    cursor = to;
    count += changes.length;
    begun.resolve(client);
  }

  function open(): void {
    socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { 'x-tenant-key': key } })));
    socket.on('message', (data) => {
      const { type, payload } = JSON.parse(String(data)) as Message;
      if (type === 'connection_ack') {
        socket.send(
          JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables: { after: cursor ?? null } } }),
        );
      } else if (type === 'ping') socket.send(JSON.stringify({ type: 'pong' }));
      else if (type === 'next' && payload?.data?.changes) take(payload.data.changes);
      else begun.reject(new Error(String(data)));
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!isClosed) setTimeout(open, 50);
    });
  }

  const client: PatientClient = {
    get count() {
      return count;
    },
    get gaps() {
      return gaps;
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close() {
      isClosed = true;
      socket.terminate();
    },
  };
  open();
  return begun.promise;
}
