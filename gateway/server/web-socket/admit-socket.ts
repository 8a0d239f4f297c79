import { CloseCode } from 'graphql-ws';
import type { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';
import { refusalOfLess } from '../../admission/stream-credentials.ts';
import { formatErrors, presentFailure } from '../door-answer.ts';
import type { RunningOperation } from '../streamed-operation.ts';
import { tooMany } from '../streamed-operation.ts';
import { ackText, errorText } from './messages.ts';
import { closeWith, type Payload, type SocketClose } from './protocol.ts';
import { withPayload } from './socket-origin.ts';
import { closeSocket, type Socket, send } from './socket-state.ts';

/** Of the registry of RFC 6455. */
const tryAgainLater = 1013;

const nothing = () => undefined;

/** Lets a socket in by the payload of its `connection_init`, or closes it. */
export async function admitSocket(socket: Socket, payload: Payload): Promise<void> {
  const { parts } = socket;
  socket.state = 'admitting';
  // A look-up that hangs has as long again.
  socket.stopInitWait();
  waitForInit(socket);
  socket.origin = withPayload(socket.origin, payload, parts.forwardedHeaders);
  const { credentials, address, correlationId } = socket.origin;
  try {
    const { principal } = await parts.identify(credentials, address);
    if (!socket.isOver) letIn(socket, principal);
  } catch (error) {
    await parts.noteDenial?.(error, { principal: undefined, correlationId });
    closeSocket(socket, refusalOf(presentFailure(error, correlationId, parts.logger)));
  }
}

/**
 * Waits for the next step of the handshake. What has arrived is read before the time counts as over: this process may
 * have been busy with something else.
 */
export function waitForInit(socket: Socket): void {
  const timeOut = () =>
    closeSocket(socket, closeWith(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout'));
  let isWaiting = true;
  const stop = socket.parts.initWait.start(() => setImmediate(() => isWaiting && timeOut()));
  socket.stopInitWait = () => {
    isWaiting = false;
    stop();
  };
}

function letIn(socket: Socket, principal: Principal | undefined): void {
  const { parts } = socket;
  const { credentials, address, correlationId } = socket.origin;
  const place = principal?.tenantId ?? address;
  const { streamsPerTenant } = parts.limits;
  if (!parts.tenants.take(place)) {
    closeSocket(socket, closeWith(tryAgainLater, tooMany('streamsPerTenant', streamsPerTenant).message));
    return;
  }
  socket.onEnd.push(() => parts.tenants.leave(place));
  socket.stopInitWait();
  // Nothing is kept of the wait.
  socket.stopInitWait = nothing;
  socket.state = 'admitted';
  send(socket, ackText(correlationId));
  if (!principal) return;
  parts.noteAdmission?.(principal, correlationId);
  socket.onEnd.push(parts.credentials.watch(credentials, principal, socket));
}

/** How a socket is refused. A reason that is ours to know is not told. */
function refusalOf({ code, message }: PanoramaError): SocketClose {
  if (code === 'INTERNAL') return closeWith(CloseCode.InternalServerError, 'Internal server error');
  if (code === 'RATE_LIMITED') return closeWith(tryAgainLater, `${code}: ${message}`);
  return closeWith(CloseCode.Forbidden, `${code}: ${message}`);
}

/** Ends the subscriptions that began with more than their credential has now. */
export function weighOperations(socket: Socket, now: Principal): void {
  for (const [id, operation] of socket.operations) {
    const refusal = operation.isSubscription() ? refusalOfLess(operation.principal, now) : undefined;
    if (refusal) breakOff(socket, id, operation, refusal);
  }
}

/** The credential is worth nothing any more: all that runs on it ends, and the socket with it. */
export function endSocket(socket: Socket, refusal: PanoramaError): void {
  for (const [id, operation] of [...socket.operations]) breakOff(socket, id, operation, refusal);
  closeSocket(socket, refusalOf(refusal));
}

function breakOff(socket: Socket, id: string, operation: RunningOperation, refusal: PanoramaError): void {
  operation.leave();
  socket.operations.delete(id);
  send(socket, errorText(id, formatErrors([refusal])));
}
