import { CloseCode, type Message, MessageType, parseMessage, type SubscribeMessage } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import { PanoramaError } from '../errors/panorama-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type CallVerifier, digestBody, refuseCall, subgraphTokenHeader } from '../tenancy/subgraph-token.ts';
import {
  StreamEndedError,
  type SubgraphOperation,
  type SubgraphResponse,
  type SubscribingExecutor,
} from './connection.ts';
import { subscriptionText } from './subscription-call.ts';

/** What serves the sockets of a subgraph. */
export interface SubscriptionSocketParts {
  readonly name: string;
  readonly subscribe: SubscribingExecutor;
  readonly verifyCall: CallVerifier;
  readonly logger: Logger;
}

const initWaitMs = 10_000;
/** More than this many unsent bytes, and the events of the socket wait. */
const maxUnsentBytes = 1024 * 1024;

/** One socket of a gateway. */
interface GatewaySocket {
  readonly socket: WebSocket;
  readonly parts: SubscriptionSocketParts;
  /** What ends the subscriptions that run on it, by id. */
  readonly operations: Map<string, AbortController>;
  readonly initWait: NodeJS.Timeout;
  isAcknowledged: boolean;
}

/**
 * Serves one socket of a gateway by `graphql-transport-ws`: subscriptions, each with a token of its own in
 * `extensions["x-service-token"]`.
 */
export function serveSubscriptionSocket(socket: WebSocket, parts: SubscriptionSocketParts): void {
  const timeOut = () => {
    if (gateway.isAcknowledged) return;
    socket.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout');
  };
  // What has arrived is read first: this process may have been busy.
  const initWait = setTimeout(() => setImmediate(timeOut), initWaitMs);
  const gateway: GatewaySocket = { socket, parts, operations: new Map(), initWait, isAcknowledged: false };
  socket.on('message', (data: RawData) => {
    let message: Message;
    try {
      message = parseMessage(data.toString());
    } catch {
      socket.close(CloseCode.BadRequest, 'The message is not one of the protocol');
      return;
    }
    takeMessage(gateway, message);
  });
  socket.on('error', (err) => parts.logger.warn({ app: parts.name, err }, 'A socket of a gateway broke off'));
  socket.on('close', () => {
    clearTimeout(initWait);
    for (const ending of gateway.operations.values()) ending.abort();
    gateway.operations.clear();
  });
}

function takeMessage(gateway: GatewaySocket, message: Message): void {
  const { socket, operations } = gateway;
  switch (message.type) {
    case MessageType.ConnectionInit:
      acknowledge(gateway);
      break;
    case MessageType.Ping:
      socket.send('{"type":"pong"}');
      break;
    case MessageType.Pong:
      break;
    case MessageType.Subscribe:
      if (!gateway.isAcknowledged) socket.close(CloseCode.Unauthorized, 'Unauthorized');
      else if (operations.has(message.id)) socket.close(CloseCode.SubscriberAlreadyExists, 'Subscriber already exists');
      else begin(gateway, message);
      break;
    case MessageType.Complete:
      operations.get(message.id)?.abort();
      operations.delete(message.id);
      break;
    default:
      socket.close(CloseCode.BadRequest, 'A client sends no such message');
  }
}

function acknowledge(gateway: GatewaySocket): void {
  const { socket, isAcknowledged, initWait } = gateway;
  gateway.isAcknowledged = true;
  clearTimeout(initWait);
  if (isAcknowledged) socket.close(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests');
  else socket.send('{"type":"connection_ack"}');
}

function begin({ socket, parts, operations }: GatewaySocket, { id, payload }: SubscribeMessage): void {
  const ending = new AbortController();
  operations.set(id, ending);
  void runSubscription(socket, parts, { id, payload, signal: ending.signal }).finally(() => {
    if (operations.get(id) === ending) operations.delete(id);
  });
}

interface RunningSubscription {
  readonly id: string;
  readonly payload: SubscribeMessage['payload'];
  /** Ends with the subscription. */
  readonly signal: AbortSignal;
}

/** Tells the events of a subscription, no faster than they can be sent, and how it ends. Never rejects. */
async function runSubscription(
  socket: WebSocket,
  parts: SubscriptionSocketParts,
  { id, payload, signal }: RunningSubscription,
): Promise<void> {
  const head = `{"id":${JSON.stringify(id)},"type":`;
  const tell = (text: string) => (signal.aborted ? Promise.resolve() : send(socket, text));
  try {
    const response = await openSubscription(parts, payload, signal);
    if (Symbol.asyncIterator in response) {
      for await (const event of response) await tell(`${head}"next","payload":${JSON.stringify(event)}}`);
    } else if (response.errors) {
      throw new StreamEndedError(response.errors);
    }
    await tell(`${head}"complete"}`);
  } catch (error) {
    await tell(`${head}"error","payload":${JSON.stringify(errorsOf(error, parts))}}`);
  }
}

async function openSubscription(
  { name, subscribe, verifyCall }: SubscriptionSocketParts,
  { query: document, operationName, variables, extensions }: SubscribeMessage['payload'],
  signal: AbortSignal,
): Promise<AsyncIterable<SubgraphResponse> | SubgraphResponse> {
  const token = extensions?.[subgraphTokenHeader];
  const operation: SubgraphOperation = {
    document,
    operationName: operationName ?? undefined,
    variables: variables ?? {},
  };
  const call = typeof token === 'string' ? verifyCall(token) : undefined;
  if (typeof token !== 'string' || call?.bodyDigest !== digestBody(subscriptionText(operation))) throw refuseCall(name);
  return await subscribe({ ...operation, token, signal });
}

/** What a gateway may see of the end of a stream. What nobody foresaw is logged. */
function errorsOf(error: unknown, { name, logger }: SubscriptionSocketParts): readonly unknown[] {
  if (error instanceof StreamEndedError) return error.errors;
  if (error instanceof PanoramaError) return [error.toJSON()];
  logger.error({ app: name, err: error }, 'A stream of events broke off');
  return [{ message: 'Something failed on our side.', extensions: { code: 'INTERNAL' } }];
}

/** Resolves when there is room for more. */
function send(socket: WebSocket, text: string): Promise<void> {
  if (socket.readyState !== socket.OPEN) return Promise.resolve();
  if (socket.bufferedAmount < maxUnsentBytes) {
    socket.send(text);
    return Promise.resolve();
  }
  return new Promise((resolve) => socket.send(text, () => resolve()));
}
