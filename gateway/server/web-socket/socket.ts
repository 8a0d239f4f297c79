import type { Duplex } from 'node:stream';
import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import type { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';
import { chargeMessage, createMessageBudget } from '../../admission/stream-budget.ts';
import { formatErrors } from '../door-answer.ts';
import type { OpenStream } from '../open-streams.ts';
import { createOutlet, type Outlet, type OutletOwner } from '../outlet.ts';
import { tooMany } from '../streamed-operation.ts';
import { admitSocket, endSocket, waitForInit, weighOperations } from './admit-socket.ts';
import { errorText, pongText } from './messages.ts';
import { closeWith, judgeMessage } from './protocol.ts';
import { startOperation } from './socket-operations.ts';
import type { SocketOrigin } from './socket-origin.ts';
import type { SocketParts } from './socket-parts.ts';
import { closeSocket, endOperations, leaveIfIdle, type Socket, send } from './socket-state.ts';
import { writePing } from './write-frame.ts';

/** Ours, beside those of the protocol: the client did not take what was sent to it. It resumes where it was. */
const slowConsumer = 4008;

const nothing = () => undefined;

/** One socket in the eyes of all that watch it. Many are open at a time, so each of them is one object. */
class OpenSocket implements Socket, OpenStream, OutletOwner {
  readonly connection: Duplex;
  readonly operations: Socket['operations'] = new Map();
  readonly outlet: Outlet;
  readonly parts: SocketParts;
  readonly ws: WebSocket;
  readonly budget: Socket['budget'];
  readonly onEnd: (() => void)[] = [];
  origin: SocketOrigin;
  state: Socket['state'] = 'opened';
  isOver = false;
  isAlive = true;
  isLeaving = false;
  stopInitWait: () => void = nothing;

  constructor(parts: SocketParts, ws: WebSocket, connection: Duplex, origin: SocketOrigin) {
    const { unsentBytes, messagesPerSecond } = parts.limits;
    this.parts = parts;
    this.ws = ws;
    this.connection = connection;
    this.outlet = createOutlet(connection, this, { unsentBytes, slow: parts.slow });
    this.budget = createMessageBudget(messagesPerSecond, performance.now());
    this.origin = origin;
  }

  ping(): void {
    // Whoever is behind with reading cannot be heard; that wait has an end of its own.
    if (this.isOver || this.outlet.isWaiting) return;
    if (!this.isAlive) {
      this.ws.terminate();
      return;
    }
    this.isAlive = false;
    writePing(this.connection);
  }

  goAway(): void {
    this.isLeaving = true;
    leaveIfIdle(this);
  }

  cut(): void {
    this.ws.terminate();
  }

  resume(): void {
    for (const operation of [...this.operations.values()]) operation.resume();
  }

  late(): void {
    closeSocket(this, closeWith(slowConsumer, 'What was sent is not taken'));
  }

  refused(refusal: PanoramaError): void {
    endSocket(this, refusal);
  }

  judged(now: Principal): void {
    weighOperations(this, now);
  }

  close(): void {
    endOperations(this);
    this.parts.open.remove(this);
    for (const undo of this.onEnd.splice(0)) undo();
  }
}

/**
 * Serves a socket that speaks graphql-transport-ws, to its end.
 *
 * @param connection What the socket writes to.
 */
export function serveSocket(parts: SocketParts, ws: WebSocket, connection: Duplex, origin: SocketOrigin): void {
  const socket = new OpenSocket(parts, ws, connection, origin);
  waitForInit(socket);
  parts.open.add(socket);
  listenTo(socket);
}

function listenTo(socket: OpenSocket): void {
  const { ws } = socket;
  ws.on('message', (data, isBinary) => receive(socket, data as Buffer, isBinary));
  ws.on('ping', (data) => void charge(socket, data.byteLength));
  ws.on('pong', () => {
    socket.isAlive = true;
  });
  // The library closes the socket with the code that belongs to the error.
  ws.on('error', () => endOperations(socket));
  ws.on('close', () => socket.close());
}

function charge(socket: Socket, bytes: number): boolean {
  const { messagesPerSecond } = socket.parts.limits;
  if (chargeMessage(socket.budget, messagesPerSecond, bytes, performance.now())) return true;
  closeSocket(socket, closeWith(CloseCode.TooManyInitialisationRequests, 'Too many messages'));
  return false;
}

function receive(socket: Socket, data: Buffer, isBinary: boolean): void {
  socket.isAlive = true;
  if (socket.isOver || !charge(socket, data.byteLength)) return;
  if (isBinary) {
    closeSocket(socket, closeWith(CloseCode.BadRequest, 'A message has to be text'));
    return;
  }
  const { state, operations, parts } = socket;
  const { operationsPerSocket } = parts.limits;
  const action = judgeMessage(state, data.toString(), operations, operationsPerSocket);
  switch (action.kind) {
    case 'admit':
      void admitSocket(socket, action.payload);
      break;
    case 'start':
      void startOperation(socket, action.id, action.payload);
      break;
    case 'refuse':
      send(socket, errorText(action.id, formatErrors([tooMany('operationsPerSocket', operationsPerSocket)])));
      break;
    case 'stop':
      operations.get(action.id)?.leave();
      operations.delete(action.id);
      leaveIfIdle(socket);
      break;
    case 'pong':
      send(socket, pongText);
      break;
    case 'close':
      closeSocket(socket, action);
      break;
    case 'nothing':
      break;
  }
}
