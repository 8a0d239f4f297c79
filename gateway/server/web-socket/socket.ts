import type { Duplex } from 'node:stream';
import { CloseCode } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { chargeMessage, createMessageBudget } from '../../admission/stream-budget.ts';
import { formatErrors } from '../door-answer.ts';
import type { OpenStream } from '../open-streams.ts';
import { createOutlet } from '../outlet.ts';
import { tooMany } from '../streamed-operation.ts';
import { admitSocket, waitForInit } from './admit-socket.ts';
import { errorText, pongText } from './messages.ts';
import { closeWith, judgeMessage } from './protocol.ts';
import { startOperation } from './socket-operations.ts';
import type { SocketOrigin } from './socket-origin.ts';
import type { SocketParts } from './socket-parts.ts';
import { closeSocket, endOperations, leaveIfIdle, type Socket, send } from './socket-state.ts';

/** Ours, beside those of the protocol: the client did not take what was sent to it. It resumes where it was. */
const slowConsumer = 4008;

/**
 * Serves a socket that speaks graphql-transport-ws, to its end.
 *
 * @param connection What the socket writes to.
 */
export function serveSocket(parts: SocketParts, ws: WebSocket, connection: Duplex, origin: SocketOrigin): void {
  const { limits } = parts;
  const socket: Socket = {
    parts,
    ws,
    connection,
    outlet: createOutlet(connection, {
      unsentBytes: limits.unsentBytes,
      slow: parts.slow,
      resume: () => resumeAll(socket),
      late: () => closeSocket(socket, closeWith(slowConsumer, 'What was sent is not taken')),
    }),
    operations: new Map(),
    budget: createMessageBudget(limits.messagesPerSecond, performance.now()),
    origin,
    state: 'opened',
    isOver: false,
    isAlive: true,
    isLeaving: false,
    onEnd: [],
    stopInitWait: () => undefined,
  };
  waitForInit(socket);
  const stream = openStreamOf(socket);
  parts.open.add(stream);
  socket.onEnd.push(() => parts.open.remove(stream));
  ws.on('message', (data, isBinary) => receive(socket, data as Buffer, isBinary));
  ws.on('ping', (data) => void charge(socket, data.byteLength));
  ws.on('pong', () => {
    socket.isAlive = true;
  });
  // The library closes the socket with the code that belongs to the error.
  ws.on('error', () => endOperations(socket));
  ws.on('close', () => {
    endOperations(socket);
    for (const undo of socket.onEnd.splice(0)) undo();
  });
}

function openStreamOf(socket: Socket): OpenStream {
  const { ws } = socket;
  return {
    ping() {
      // Whoever is behind with reading cannot be heard; that wait has an end of its own.
      if (socket.isOver || socket.outlet.isWaiting) return;
      if (!socket.isAlive) {
        ws.terminate();
        return;
      }
      socket.isAlive = false;
      ws.ping();
    },
    goAway() {
      socket.isLeaving = true;
      leaveIfIdle(socket);
    },
    cut: () => ws.terminate(),
  };
}

function resumeAll(socket: Socket): void {
  for (const operation of [...socket.operations.values()]) operation.resume();
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
