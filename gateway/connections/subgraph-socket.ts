import { GRAPHQL_TRANSPORT_WS_PROTOCOL, type Message, MessageType, parseMessage } from 'graphql-ws';
import { WebSocket } from 'ws';
import { onAbort } from '../../kernel/resilience/on-abort.ts';
import { StreamEndedError, type SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { PushedEvents } from './pushed-events.ts';

/** How a socket to a subgraph is opened. */
export interface SocketOptions {
  /** ws: or wss: */
  readonly url: string;
  /** Of the request that opens it. */
  readonly headers: Readonly<Record<string, string>>;
  /** The payload of `connection_init`. */
  readonly init: Readonly<Record<string, string>>;
  /** How long it may take until the subgraph has let us in, in milliseconds. */
  readonly timeoutMs: number;
  /** The largest message, in bytes. */
  readonly maxMessageBytes: number;
}

/** How often a socket on which nothing comes is asked whether it is still there. */
const pingMs = 15_000;

/**
 * A socket to a subgraph, by the protocol `graphql-transport-ws`: any number of subscriptions on one connection. It is
 * closed with the last of them. When it breaks off, all of them do.
 */
export class SubgraphSocket {
  /** Rejects when the subgraph does not let us in. */
  readonly acknowledged: Promise<void>;
  readonly #socket: WebSocket;
  readonly #acknowledge: () => void;
  readonly #refuse: (reason: Error) => void;
  readonly #operations = new Map<string, PushedEvents>();
  readonly #late: NodeJS.Timeout;
  #pings: NodeJS.Timeout | undefined;
  #isAcknowledged = false;
  #isQuiet = false;
  #lastId = 0;
  #isOver = false;

  constructor({ url, headers, init, timeoutMs, maxMessageBytes }: SocketOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.acknowledged = promise;
    this.#acknowledge = resolve;
    this.#refuse = reject;
    promise.catch(() => {});
    // What has arrived is read first: this process may have been busy.
    this.#late = setTimeout(() => setImmediate(() => this.#giveUp()), timeoutMs);
    this.#socket = new WebSocket(url, GRAPHQL_TRANSPORT_WS_PROTOCOL, {
      headers,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    this.#socket.on('open', () => this.#send({ type: MessageType.ConnectionInit, payload: init }));
    this.#socket.on('message', (data) => this.#take(data.toString()));
    this.#socket.on('error', (cause) => this.#fail(new Error('The socket to the subgraph broke off.', { cause })));
    this.#socket.on('close', (code) => this.#fail(new Error(`The subgraph closed the socket with ${code}.`)));
    this.#socket.on('pong', () => {
      this.#isQuiet = false;
    });
  }

  /** Whether nothing can begin on it any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Begins a subscription, once the subgraph has let us in. It ends with the signal. */
  follow(payload: Readonly<Record<string, unknown>>, signal: AbortSignal): PushedEvents {
    this.#lastId += 1;
    const id = String(this.#lastId);
    const stopListening = onAbort(signal, () => void events.return());
    const events = new PushedEvents(() => this.#drop(id, { type: MessageType.Complete, id }), stopListening);
    this.#operations.set(id, events);
    this.acknowledged.then(
      () => this.#operations.has(id) && this.#send({ type: MessageType.Subscribe, id, payload }),
      (error: Error) => events.end(error),
    );
    return events;
  }

  #send(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take(text: string): void {
    this.#isQuiet = false;
    try {
      this.#read(parseMessage(text), text.length);
    } catch (cause) {
      this.#fail(new Error('The subgraph does not keep to the protocol of its socket.', { cause }));
    }
  }

  #read(message: Message, characters: number): void {
    switch (message.type) {
      case MessageType.ConnectionAck:
        this.#letIn();
        break;
      case MessageType.Ping:
        this.#send({ type: MessageType.Pong });
        break;
      case MessageType.Pong:
        break;
      case MessageType.Next:
        // What an event holds is the executor's to check.
        this.#operations.get(message.id)?.push(message.payload as SubgraphResponse, characters);
        break;
      case MessageType.Error:
        this.#operations.get(message.id)?.end(new StreamEndedError(message.payload));
        this.#drop(message.id);
        break;
      case MessageType.Complete:
        this.#operations.get(message.id)?.end();
        this.#drop(message.id);
        break;
      default:
        throw new Error('A server sends no such message.');
    }
  }

  #giveUp(): void {
    if (!this.#isAcknowledged) this.#fail(new Error('The subgraph did not take the socket in time.'));
  }

  #letIn(): void {
    this.#isAcknowledged = true;
    clearTimeout(this.#late);
    this.#acknowledge();
    this.#pings ??= setInterval(() => this.#ping(), pingMs).unref();
  }

  #ping(): void {
    if (this.#isQuiet) this.#fail(new Error('The subgraph does not say that it is still there.'));
    else this.#socket.ping();
    this.#isQuiet = true;
  }

  /** @param farewell Tells the subgraph, where it does not know. */
  #drop(id: string, farewell?: object): void {
    if (!this.#operations.delete(id) || this.#isOver) return;
    if (farewell) this.#send(farewell);
    if (this.#operations.size === 0) this.#finish(() => this.#socket.close(1000));
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    const operations = [...this.#operations.values()];
    this.#operations.clear();
    this.#finish(() => this.#socket.terminate());
    this.#refuse(error);
    for (const events of operations) events.end(error);
  }

  #finish(close: () => void): void {
    this.#isOver = true;
    clearTimeout(this.#late);
    clearInterval(this.#pings);
    close();
  }
}
