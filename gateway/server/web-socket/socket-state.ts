import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { MessageBudget } from '../../admission/stream-budget.ts';
import type { CredentialUser } from '../../admission/stream-credentials.ts';
import type { Outlet } from '../outlet.ts';
import type { RunningOperation } from '../streamed-operation.ts';
import { closeWith, type SocketClose, type SocketState } from './protocol.ts';
import type { SocketOrigin } from './socket-origin.ts';
import type { SocketParts } from './socket-parts.ts';

/** One socket, and what runs on it. */
export interface Socket extends CredentialUser {
  readonly parts: SocketParts;
  readonly ws: WebSocket;
  /** What the socket writes to. */
  readonly connection: Duplex;
  readonly outlet: Outlet;
  /** By the ids that the client gave them. */
  readonly operations: Map<string, RunningOperation>;
  readonly budget: MessageBudget;
  origin: SocketOrigin;
  state: SocketState;
  /** Whether it is closed, or is being closed: what still comes is not looked at. */
  isOver: boolean;
  /** Whether the peer has said anything since it was last asked. */
  isAlive: boolean;
  /** Whether it closes when no query and no mutation runs any more. */
  isLeaving: boolean;
  /** What has to be undone at the end. */
  readonly onEnd: (() => void)[];
  stopInitWait: () => void;
}

/** Sends a message that is no answer. */
export function send(socket: Socket, text: string): void {
  socket.ws.send(text);
  // Whoever asks and takes no answers is slow as well.
  socket.outlet.hasRoom();
}

const goingAway = 1001;

/** Closes a socket that is to be left. Subscriptions are not waited for: their clients take them up again elsewhere. */
export function leaveIfIdle(socket: Socket): void {
  if (!socket.isLeaving || socket.isOver) return;
  const isBusy = Array.from(socket.operations.values()).some((operation) => !operation.isSubscription());
  if (!isBusy) closeSocket(socket, closeWith(goingAway, 'Going away'));
}

export function closeSocket(socket: Socket, { code, reason }: SocketClose): void {
  if (socket.isOver) return;
  endOperations(socket);
  socket.ws.close(code, reason);
}

/** Nothing is sent any more; what runs is left. */
export function endOperations(socket: Socket): void {
  socket.isOver = true;
  socket.stopInitWait();
  socket.outlet.close();
  for (const operation of [...socket.operations.values()]) operation.leave();
  socket.operations.clear();
}
