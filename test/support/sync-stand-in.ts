import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildSchema, graphql } from 'graphql';
import { useServer as serveProtocol } from 'graphql-ws/use/ws';
import { type WebSocket, WebSocketServer } from 'ws';

/** The feed and the sync protocol of the platform in miniature, for clients that are tested for what they do with them. */
const schema = buildSchema(/* GraphQL */ `
  scalar Cursor
  scalar JSON
  enum ChangeOperation { PUT DELETE ACK }
  type Change {
    type: String! app: String! entity: String! entityId: ID! op: ChangeOperation! version: Int! data: JSON
    clientId: String mutationId: Int
  }
  type ChangeBatch { from: Cursor! to: Cursor! compacted: Boolean! upToDate: Boolean! changes: [Change!]! }
  type Resync { reason: String! from: Cursor! }
  union ChangesEvent = ChangeBatch | Resync
  type SyncRecord { entity: String! entityId: ID! version: Int! data: JSON! }
  type BootstrapPage { cursor: Cursor! nextPage: String records: [SyncRecord!]! }
  input SyncMutation { id: Int! entity: String! entityId: ID! op: ChangeOperation! baseVersion: Int patch: JSON }
  input PushInput { clientId: ID! mutations: [SyncMutation!]! }
  type MutationResult {
    id: Int! status: String! original: String code: String field: String message: String serverRecord: JSON
  }
  type UserError { code: String! message: String! }
  input AckRejectionsInput { clientId: ID! upTo: Int! }
  type AckRejectionsPayload { userErrors: [UserError!]! }
  type PushPayload { lastMutationId: Int results: [MutationResult!]! userErrors: [UserError!]! }
  type Query { bootstrap(entities: [String!]!, page: String): BootstrapPage! pull(after: Cursor!, limit: Int!): ChangesEvent! hello: String }
  type Mutation { push(input: PushInput!): PushPayload! ackRejections(input: AckRejectionsInput!): AckRejectionsPayload! count: Int! }
  type Subscription { changes(entities: [String!], after: Cursor): ChangesEvent! ticks: Int! }
`);

type Fields = Readonly<Record<string, unknown>>;

interface PushedMutation {
  readonly id: number;
  readonly entity: string;
  readonly entityId: string;
  readonly op: 'PUT' | 'DELETE';
  readonly patch?: Fields;
}

export interface StandInChange {
  readonly entity: string;
  readonly entityId: string;
  readonly op: 'PUT' | 'DELETE' | 'ACK';
  readonly version: number;
  readonly data: Fields | null;
  readonly clientId: string | null;
  readonly mutationId: number | null;
}

/** What goes wrong with a request over HTTP: it is lost before it has an effect, its answer is lost, or another answers. */
export type Mishap = 'request lost' | 'answer lost' | { readonly status: number; readonly text: string };

export interface SyncStandIn {
  readonly url: string;
  readonly log: readonly StandInChange[];
  /** Headers of the mutations that came, with or without an effect. */
  readonly keysSeen: readonly string[];
  readonly counted: number;
  /** Up to which mutations clients have acknowledged what was not done. */
  readonly acknowledged: readonly number[];
  /** A change that somebody else makes. */
  change(entity: string, entityId: string, patch: Fields): void;
  remove(entity: string, entityId: string): void;
  /** What becomes of the next requests over HTTP, one after another. */
  readonly mishaps: Mishap[];
  /** Breaks every WebSocket off, or closes it with a code. */
  breakSockets(code?: number, reason?: string): void;
  /** Codes with which the feed of a type is refused, once. */
  readonly refusedFeeds: Map<string, string>;
  /** A request of more bytes is answered by a proxy, with 413; none by default. */
  mostBytes: number;
  /** How many pushes came. */
  readonly pushes: number;
  /** How many pings came. */
  readonly pings: number;
  /** How many subscriptions run. */
  readonly running: number;
  /** Is silent from now on where it is pinged. */
  mute(): void;
  /** Ends what runs, and takes the tokens that came up to now for expired. */
  expireTokens(): void;
  /** Forgets the changes up to now: cursors from before are expired. */
  forget(): void;
  /** Deletes what the server knows of a client. */
  forgetClient(id: string): void;
  /** How many batches of an entity's feed begin elsewhere. */
  readonly gaps: Map<string, number>;
  stop(): Promise<void>;
}

/** Starts it on a free port. Edits with the field `forbidden` are rejected; those with `contested` are a conflict; those with `unreadable` cannot be taken. */
export async function startSyncStandIn(): Promise<SyncStandIn> {
  const log: StandInChange[] = [];
  const records = new Map<string, { version: number; data: Fields }>();
  const clients = new Map<string, { content: string; status: string }[]>();
  const mishaps: Mishap[] = [];
  const keysSeen: string[] = [];
  const acknowledged: number[] = [];
  const countedKeys = new Set<string>();
  const refusedFeeds = new Map<string, string>();
  let mostBytes = Number.POSITIVE_INFINITY;
  let forgotten = 0;
  let pushes = 0;
  let wake = Promise.withResolvers<void>();

  function append(change: StandInChange): void {
    log.push(change);
    wake.resolve();
    wake = Promise.withResolvers();
  }

  function write(mutation: Omit<PushedMutation, 'id'>, clientId: string | null, mutationId: number | null): void {
    const { entity, entityId, op, patch } = mutation;
    const key = `${entity}/${entityId}`;
    const version = (records.get(key)?.version ?? 0) + 1;
    const data = op === 'PUT' ? { ...records.get(key)?.data, ...patch } : null;
    if (data) records.set(key, { version, data });
    else records.delete(key);
    append({ entity, entityId, op, version, data, clientId, mutationId });
  }

  const statusOf = ({ patch }: PushedMutation) =>
    patch?.forbidden ? 'REJECTED' : patch?.contested ? 'CONFLICT' : 'APPLIED';

  function push({ clientId, mutations }: { clientId: string; mutations: readonly PushedMutation[] }) {
    pushes += 1;
    const unreadable = mutations.find(({ patch }) => patch?.unreadable);
    if (unreadable) {
      return { results: [], userErrors: [{ code: 'BAD_USER_INPUT', message: 'This is no patch.' }] };
    }
    const known = clients.get(clientId) ?? [];
    const isForked = ({ id, ...content }: PushedMutation) =>
      known[id - 1] !== undefined && known[id - 1]?.content !== JSON.stringify(content);
    if (mutations.some(isForked)) throw withCode('CLIENT_FORKED');
    if ((mutations[0]?.id ?? 1) > known.length + 1) throw withCode('OUT_OF_ORDER');
    clients.set(clientId, known);
    const results = mutations.map((mutation) => {
      const { id, ...content } = mutation;
      const before = known[id - 1];
      if (before) return { id, status: 'DUPLICATE', original: before.status };
      const status = statusOf(mutation);
      known.push({ content: JSON.stringify(content), status });
      if (status === 'APPLIED') write(content, clientId, id);
      else
        append({
          entity: 'SyncClient',
          entityId: clientId,
          op: 'ACK',
          version: id,
          data: null,
          clientId,
          mutationId: id,
        });
      return { id, status, code: status === 'APPLIED' ? null : 'BAD_USER_INPUT', message: null };
    });
    return { lastMutationId: known.length, results, userErrors: [] };
  }

  const gaps = new Map<string, number>();

  async function* changes({ entities, after }: { entities?: readonly string[]; after?: string | null }) {
    let at = after ? Number(after.slice(1)) : log.length;
    if (at < forgotten) {
      yield { changes: { __typename: 'Resync', reason: 'CURSOR_EXPIRED', from: `c${log.length}` } };
      return;
    }
    const refusal = refusedFeeds.get(entities?.[0] ?? '');
    if (refusal !== undefined) {
      refusedFeeds.delete(entities?.[0] ?? '');
      yield { changes: withCode(refusal) };
      return;
    }
    for (let first = !after; ; first = false) {
      while (log.length === at && !first) await wake.promise;
      const gapsLeft = gaps.get(entities?.[0] ?? '') ?? 0;
      gaps.set(entities?.[0] ?? '', gapsLeft - 1);
      const from = gapsLeft > 0 ? 'c-elsewhere' : `c${at}`;
      const told = log.slice(at, at + 50);
      at += told.length;
      const batch = asChanges(told.filter(({ entity }) => entities?.includes(entity) ?? true));
      yield {
        changes: {
          __typename: 'ChangeBatch',
          from,
          to: `c${at}`,
          compacted: false,
          upToDate: at === log.length,
          changes: batch,
        },
      };
    }
  }

  function pull({ after, limit }: { after: string; limit: number }) {
    const from = Number(after.slice(1));
    const told = asChanges(log.slice(from, from + limit));
    const to = from + told.length;
    const upToDate = to === log.length;
    return { __typename: 'ChangeBatch', from: after, to: `c${to}`, compacted: false, upToDate, changes: told };
  }

  async function* ticks() {
    for (let tick = 1; ; tick += 1) {
      yield { ticks: tick };
      await wake.promise;
    }
  }

  function bootstrap({ entities, page }: { entities: readonly string[]; page?: string | null }) {
    const all = [...records].filter(([key]) => entities.includes(key.split('/')[0] ?? ''));
    const from = Number(page ?? 0);
    const part = all.slice(from, from + 2).map(([key, record]) => {
      const [entity, entityId] = key.split('/');
      return { entity, entityId, ...record };
    });
    return { cursor: `c${log.length}`, nextPage: from + 2 < all.length ? String(from + 2) : null, records: part };
  }

  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const mishap = mishaps.shift();
    if (mishap === 'request lost') return void request.socket.destroy();
    if (typeof mishap === 'object') return void response.writeHead(mishap.status).end(mishap.text);
    if (sockets.isExpired(request.headers.authorization)) {
      return void response.writeHead(401).end(JSON.stringify({ errors: [tokenError] }));
    }
    const body = Buffer.concat(chunks);
    if (body.length > mostBytes) return void response.writeHead(413).end('<html>Too large</html>');
    const { query, variables } = JSON.parse(body.toString());
    const key = request.headers['idempotency-key'];
    if (typeof key === 'string') keysSeen.push(key);
    const rootValue = {
      hello: () => `hello ${request.headers['x-tenant-key']}`,
      count: () => countedKeys.add(String(key)).size,
      push: ({ input }: { input: Parameters<typeof push>[0] }) => push(input),
      bootstrap,
      pull,
      ackRejections: ({ input }: { input: { upTo: number } }) => {
        acknowledged.push(input.upTo);
        return { userErrors: [] };
      },
    };
    const answer = await graphql({ schema, source: query, variableValues: variables, rootValue });
    if (mishap === 'answer lost') return void request.socket.destroy();
    response.writeHead(200, { 'content-type': 'application/graphql-response+json' }).end(JSON.stringify(answer));
  });
  const sockets = serveSockets(server, { changes, ticks });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    gaps,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    log,
    keysSeen,
    acknowledged,
    mishaps,
    get counted() {
      return countedKeys.size;
    },
    change: (entity: string, entityId: string, patch: Fields) =>
      write({ entity, entityId, op: 'PUT', patch }, null, null),
    remove: (entity: string, entityId: string) => write({ entity, entityId, op: 'DELETE' }, null, null),
    breakSockets: sockets.breakAll,
    refusedFeeds,
    get mostBytes() {
      return mostBytes;
    },
    set mostBytes(most: number) {
      mostBytes = most;
    },
    get pushes() {
      return pushes;
    },
    get pings() {
      return sockets.pings;
    },
    get running() {
      return sockets.running;
    },
    mute: sockets.mute,
    expireTokens: sockets.expireTokens,
    forget() {
      forgotten = log.length;
    },
    forgetClient: (id: string) => void clients.delete(id),
    async stop() {
      sockets.breakAll();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function asChanges(changes: readonly StandInChange[]) {
  return changes.map((change) => ({ ...change, type: `${change.entity}_CHANGED`, app: 'crm' }));
}

const tokenError = { message: 'The token has expired.', extensions: { code: 'UNAUTHENTICATED' } };

function serveSockets(server: Server, subscription: Readonly<Record<string, object>>) {
  /** What runs on each socket. */
  const open = new Map<WebSocket, Set<string>>();
  const seen = new Set<unknown>();
  const expired = new Set<unknown>();
  let pings = 0;
  let isMute = false;
  const acceptor = new WebSocketServer({ server, path: '/graphql' });
  acceptor.on('connection', (socket) => {
    open.set(socket, new Set());
    socket.on('close', () => open.delete(socket));
  });
  serveProtocol(
    {
      schema,
      roots: { subscription },
      onConnect({ connectionParams }) {
        const token = connectionParams?.authorization;
        if (token !== undefined) seen.add(token);
        return !expired.has(token);
      },
      onPing() {
        pings += 1;
        // The answer waits for it.
        return isMute ? new Promise<void>(() => undefined) : undefined;
      },
      onComplete({ extra }, id) {
        open.get(extra.socket as WebSocket)?.delete(id);
      },
      onSubscribe({ extra }, id) {
        open.get(extra.socket as WebSocket)?.add(id);
      },
    },
    acceptor,
  );
  return {
    breakAll(code?: number, reason?: string) {
      for (const socket of open.keys()) {
        if (code === undefined) socket.terminate();
        else socket.close(code, reason);
      }
    },
    isExpired: (token: unknown) => expired.has(token),
    mute() {
      isMute = true;
    },
    get pings() {
      return pings;
    },
    get running() {
      return [...open.values()].reduce((count, ids) => count + ids.size, 0);
    },
    expireTokens() {
      for (const token of seen) expired.add(token);
      const payload = [tokenError];
      for (const [socket, ids] of open) {
        for (const id of ids) socket.send(JSON.stringify({ id, type: 'error', payload }));
      }
    },
  };
}

function withCode(code: string): Error {
  return Object.assign(new Error(code), { extensions: { code } });
}
