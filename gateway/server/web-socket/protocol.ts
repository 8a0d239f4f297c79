import { CloseCode, MessageType, validateMessage } from 'graphql-ws';

/**
 * The server's half of graphql-transport-ws, as a table: what a message of the client leads to in each state of a
 * socket. Nothing here touches a socket; who has one does what it is told.
 *
 * https://github.com/graphql/graphql-over-http/blob/main/rfcs/GraphQLOverWebSocket.md
 */

/** `admitting` from the client's `connection_init` until it is answered. */
export type SocketState = 'opened' | 'admitting' | 'admitted';

/** The `payload` of a message. */
export type Payload = Readonly<Record<string, unknown>>;

/** What the protocol makes of a message. */
export type SocketAction =
  | { readonly kind: 'admit'; readonly payload: Payload }
  | { readonly kind: 'start'; readonly id: string; readonly payload: Payload }
  /** There are as many operations as there may be. */
  | { readonly kind: 'refuse'; readonly id: string }
  | { readonly kind: 'stop'; readonly id: string }
  | { readonly kind: 'pong' }
  | { readonly kind: 'nothing' }
  | SocketClose;

/** The end of a socket, and what its client is told. */
export interface SocketClose {
  readonly kind: 'close';
  readonly code: number;
  /** At most 123 bytes. */
  readonly reason: string;
}

/** The operations of a socket, by the ids that the client gave them. */
export interface RunningIds {
  has(id: string): boolean;
  readonly size: number;
}

/** What a client may send. */
type ClientMessage =
  | { readonly type: 'connection_init' | 'ping' | 'pong'; readonly payload: Payload }
  | { readonly type: 'subscribe'; readonly id: string; readonly payload: Payload }
  | { readonly type: 'complete'; readonly id: string };

type Of<Type> = Extract<ClientMessage, { readonly type: Type }>;
type Rules = {
  readonly [Type in ClientMessage['type']]: (message: Of<Type>, running: RunningIds, most: number) => SocketAction;
};

const maxReasonBytes = 123;
/** Each answer repeats the id of its operation. */
const maxIdLength = 256;

/** Closes a socket. A reason that is longer than the protocol allows is cut. */
export function closeWith(code: number, reason: string): SocketClose {
  const bytes = Buffer.from(reason);
  const text =
    bytes.length <= maxReasonBytes ? reason : new TextDecoder().decode(bytes.subarray(0, maxReasonBytes - 3));
  return { kind: 'close', code, reason: text.replace(/\uFFFD$/, '') };
}

const nothing = { kind: 'nothing' } as const;
const pong = () => ({ kind: 'pong' }) as const;
const notAdmitted = () => closeWith(CloseCode.Unauthorized, 'Unauthorized');
const initialisedBefore = () => closeWith(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests');

const anyState = {
  ping: pong,
  pong: () => nothing,
  // What ends by itself and what the client ends may cross on the way.
  complete: ({ id }: Of<'complete'>) => ({ kind: 'stop', id }) as const,
};

const table: Readonly<Record<SocketState, Rules>> = {
  opened: {
    ...anyState,
    connection_init: ({ payload }) => ({ kind: 'admit', payload }),
    subscribe: notAdmitted,
  },
  admitting: { ...anyState, connection_init: initialisedBefore, subscribe: notAdmitted },
  admitted: {
    ...anyState,
    connection_init: initialisedBefore,
    subscribe: ({ id, payload }, running, most) => {
      if (running.has(id)) {
        return closeWith(CloseCode.SubscriberAlreadyExists, 'A subscriber with this id already exists');
      }
      return running.size < most ? { kind: 'start', id, payload } : { kind: 'refuse', id };
    },
  },
};

/**
 * What to do about a message.
 *
 * @param text The message as it came.
 * @param most How many operations a socket may have at the same time.
 */
export function judgeMessage(state: SocketState, text: string, running: RunningIds, most: number): SocketAction {
  const message = readMessage(text);
  if (typeof message === 'string') return closeWith(CloseCode.BadRequest, message);
  // The rule is that of this very type, which the compiler cannot follow through the table.
  const rule = table[state][message.type] as (
    message: ClientMessage,
    running: RunningIds,
    most: number,
  ) => SocketAction;
  return rule(message, running, most);
}

const none: Payload = {};
const ofClients: readonly unknown[] = [
  MessageType.ConnectionInit,
  MessageType.Ping,
  MessageType.Pong,
  MessageType.Subscribe,
  MessageType.Complete,
] satisfies readonly `${MessageType}`[];

/** A message of the protocol, or why it is none. */
function readMessage(text: string): ClientMessage | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'A message has to be JSON';
  }
  const message = withDocument(value);
  try {
    validateMessage(message);
  } catch (error) {
    return error instanceof Error ? error.message : 'Invalid message';
  }
  const { type, id = '', payload } = message as { type: string; id?: string; payload?: Payload | null };
  if (!ofClients.includes(type)) return `A client does not send messages of the type "${type}"`;
  if (id.length > maxIdLength) return `An id may have at most ${maxIdLength} characters`;
  return { type, id, payload: payload ?? none } as ClientMessage;
}

/** The protocol wants a document in each `subscribe`. Whoever names one by its hash or id need not send it. */
function withDocument(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { payload } = value as { readonly payload?: unknown };
  if (typeof payload !== 'object' || payload === null || 'query' in payload) return value;
  return 'documentId' in payload || 'extensions' in payload ? { ...value, payload: { ...payload, query: '' } } : value;
}
