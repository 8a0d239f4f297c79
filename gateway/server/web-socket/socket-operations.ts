import type { GraphQLFormattedError } from 'graphql';
import { correlationIdOf } from '../../../kernel/tenancy/correlation-id.ts';
import type { RequestContext } from '../../../kernel/tenancy/request-context.ts';
import type { Sender } from '../../admission/rate-limit.ts';
import { formatErrors, presentFailure } from '../door-answer.ts';
import { readIdempotencyKey } from '../idempotency-key.ts';
import { type AnswerJson, beginOperation, type OperationTaker, type RunningOperation } from '../streamed-operation.ts';
import { holdThisTurn } from './held-writes.ts';
import { completeText, errorText } from './messages.ts';
import type { Payload } from './protocol.ts';
import { type SocketOrigin, textsOf } from './socket-origin.ts';
import { leaveIfIdle, type Socket, send } from './socket-state.ts';
import { writeNext } from './write-frame.ts';

/** Begins an operation. Its id is in use from now on, while the credential is judged as that of any request is. */
export async function startOperation(socket: Socket, id: string, payload: Payload): Promise<void> {
  const { parts, origin, operations } = socket;
  if (socket.isLeaving) return;
  const waiting = operationToCome();
  operations.set(id, waiting);
  const isWanted = () => !socket.isOver && operations.get(id) === waiting;
  let correlationId = origin.correlationId;
  try {
    const context = contextOf(origin, payload);
    correlationId = context.correlationId;
    const sender = await identify(socket, correlationId);
    if (isWanted()) begin(socket, id, { payload, sender, context });
  } catch (error) {
    const errors = formatErrors([presentFailure(error, correlationId, parts.logger)]);
    if (isWanted()) finish(socket, id, errorText(id, errors));
  }
}

function operationToCome(): RunningOperation {
  const nothing = () => undefined;
  return { principal: undefined, isSubscription: () => false, resume: nothing, leave: nothing };
}

async function identify({ parts, origin }: Socket, correlationId: string): Promise<Sender> {
  try {
    return await parts.identify(origin.credentials, origin.address);
  } catch (error) {
    await parts.noteDenial?.(error, { principal: undefined, correlationId });
    throw error;
  }
}

interface OperationToBegin {
  readonly payload: Payload;
  readonly sender: Sender;
  readonly context: Omit<RequestContext, 'principal' | 'signal'>;
}

function begin(socket: Socket, id: string, { payload, ...request }: OperationToBegin): void {
  const taker = new SocketOperation(socket, id);
  socket.operations.set(id, beginOperation(socket.parts.stream, { ...request, body: payload, mayWrite: true }, taker));
}

/** What a socket does with what comes of one of its operations. */
class SocketOperation implements OperationTaker {
  readonly #socket: Socket;
  readonly #id: string;

  constructor(socket: Socket, id: string) {
    this.#socket = socket;
    this.#id = id;
  }

  next({ bytes }: AnswerJson): boolean {
    const { connection, operations, outlet } = this.#socket;
    if (operations.size > 1) holdThisTurn(connection);
    writeNext(connection, this.#id, bytes);
    return outlet.hasRoom();
  }

  fail(errors: readonly GraphQLFormattedError[]): void {
    finish(this.#socket, this.#id, errorText(this.#id, errors));
  }

  complete(): void {
    finish(this.#socket, this.#id, completeText(this.#id));
  }
}

/** The server's end of an operation. */
function finish(socket: Socket, id: string, text: string): void {
  if (socket.isOver) return;
  socket.operations.delete(id);
  send(socket, text);
  leaveIfIdle(socket);
}

/** What an operation says of itself in its `extensions`, under the names of headers. */
function contextOf({ correlationId, forwardedHeaders }: SocketOrigin, { extensions }: Payload) {
  const said = textsOf(extensions);
  const own = said.get('x-correlation-id');
  const key = said.get('idempotency-key');
  return {
    correlationId: own === undefined ? correlationId : correlationIdOf(own),
    ...(key !== undefined && readIdempotencyKey({ 'idempotency-key': key })),
    ...(Object.keys(forwardedHeaders).length > 0 && { forwardedHeaders }),
  };
}
