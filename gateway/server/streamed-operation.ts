import type { GraphQLFormattedError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { Deadlines } from '../../kernel/resilience/deadlines.ts';
import { createEnding } from '../../kernel/resilience/on-abort.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import type { DenialAudit } from '../admission/audit-denials.ts';
import type { RateLimiter, Sender } from '../admission/rate-limit.ts';
import type { Places } from '../admission/stream-places.ts';
import type { Pipeline } from '../pipeline.ts';
import type { AnswerStream } from '../subscribe/answers.ts';
import type { AdmitText } from './admit-text.ts';
import { answerOperation, answerText, formatErrors, presentFailure } from './door-answer.ts';
import { type ReadOperation, readOperation } from './read-operation.ts';
import type { ShortWay } from './short-way.ts';

/** What the doors for streams share. */
export interface StreamParts {
  readonly pipeline: Pipeline;
  readonly admitText: AdmitText;
  readonly parseDocument: ShortWay['parseDocument'];
  /** The subscriptions of each credential. */
  readonly subscriptions: Places;
  /** How many there may be of one. */
  readonly subscriptionsPerCredential: number;
  /** How long the answer to a query or a mutation may take. */
  readonly deadlines: Deadlines;
  readonly noteRefusal: RateLimiter['noteRefusal'];
  readonly noteDenial?: DenialAudit['noteRefusal'];
  readonly logger: Logger;
}

/** An operation as a door for streams gets it. */
export interface StreamedRequest {
  /** The parameters, as they were sent. */
  readonly body: unknown;
  readonly sender: Sender;
  readonly context: Omit<RequestContext, 'principal' | 'signal'>;
  /** Whether the request may change something: not one that a link or a page of another site could cause. */
  readonly mayWrite: boolean;
}

/** An answer as JSON. */
export interface AnswerJson {
  readonly text: string;
  /** The same in UTF-8. */
  readonly bytes: Uint8Array;
}

/** What a door does with what comes of an operation. Of `fail` and `complete` one is called, once, as the last. */
export interface OperationTaker {
  /** Takes an answer; false when it can take no more before it says `resume`. */
  next(answer: AnswerJson): boolean;
  fail(errors: readonly GraphQLFormattedError[]): void;
  complete(): void;
}

/** An operation that a door has begun. */
export interface RunningOperation {
  /** By whose permissions it runs. */
  readonly principal: Principal | undefined;
  /** False until it is known to be one. */
  isSubscription(): boolean;
  /** More can be taken. */
  resume(): void;
  /** Ends it at once. Its taker is told nothing any more. */
  leave(): void;
}

/** Begins an operation. Its taker is told nothing before this has returned. */
export function beginOperation(parts: StreamParts, request: StreamedRequest, taker: OperationTaker): RunningOperation {
  const { sender } = request;
  const { signal, end } = createEnding();
  const state: OperationState = { isOver: false, isSubscription: false, answers: undefined, place: undefined };
  const leave = () => {
    if (state.isOver) return;
    close(parts, state);
    state.answers?.leave();
    end(new DOMException('The client has left.', 'AbortError'));
  };
  const told = onceOver(parts, state, taker);
  void run(parts, { ...request, signal, end }, state, told).catch(async (error: unknown) => {
    const { correlationId } = request.context;
    await parts.noteRefusal(sender);
    await parts.noteDenial?.(error, { principal: sender.principal, correlationId });
    told.fail(formatErrors([presentFailure(error, correlationId, parts.logger)]));
  });
  return {
    principal: sender.principal,
    isSubscription: () => state.isSubscription,
    resume: () => state.answers?.resume(),
    leave,
  };
}

interface OperationState {
  isOver: boolean;
  isSubscription: boolean;
  answers: AnswerStream | undefined;
  /** What of the places of subscriptions it has taken. */
  place: string | undefined;
}

interface Run extends StreamedRequest {
  readonly signal: AbortSignal;
  readonly end: (reason: unknown) => void;
}

function close({ subscriptions }: StreamParts, state: OperationState): void {
  state.isOver = true;
  if (state.place !== undefined) subscriptions.leave(state.place);
  state.place = undefined;
}

/** The taker, which hears nothing after the end. */
function onceOver(parts: StreamParts, state: OperationState, taker: OperationTaker): OperationTaker {
  const last = (tell: () => void) => {
    if (state.isOver) return;
    close(parts, state);
    tell();
  };
  return {
    next: (answer) => !state.isOver && taker.next(answer),
    fail: (errors) => last(() => taker.fail(errors)),
    complete: () => last(() => taker.complete()),
  };
}

async function run(parts: StreamParts, request: Run, state: OperationState, taker: OperationTaker): Promise<void> {
  const { principal } = request.sender;
  const operation = readOperation(request.body, {
    admit: (sent) => parts.admitText(sent, principal),
    parse: parts.parseDocument,
  });
  if (operation.kind === 'mutation' && !request.mayWrite) {
    throw new PanoramaError('BAD_USER_INPUT', 'A mutation is sent by POST.');
  }
  if (operation.kind === 'subscription') await follow(parts, request, operation, state, taker);
  else await answerOnce(parts, request, operation, taker);
}

function operationRequest({ sender, context, signal }: Run, operation: ReadOperation) {
  const { principal, address } = sender;
  return { ...operation, address, context: { ...context, principal, signal } };
}

async function answerOnce(
  { pipeline, deadlines, logger, noteRefusal }: StreamParts,
  request: Run,
  operation: ReadOperation,
  taker: OperationTaker,
): Promise<void> {
  const late = () => request.end(new DOMException('The deadline of the operation has passed.', 'TimeoutError'));
  const inTime = deadlines.start(late);
  const { data, errors = [] } = await answerOperation(pipeline, operationRequest(request, operation), logger);
  inTime();
  const formatted = formatErrors(errors);
  if (data === undefined) {
    await noteRefusal(request.sender);
    taker.fail(formatted);
    return;
  }
  const text = answerText({ ...(formatted.length > 0 && { errors: formatted }), data: data as never });
  taker.next({ text, bytes: Buffer.from(text) });
  taker.complete();
}

async function follow(
  { pipeline, subscriptions, subscriptionsPerCredential, noteRefusal, logger }: StreamParts,
  request: Run,
  operation: ReadOperation,
  state: OperationState,
  taker: OperationTaker,
): Promise<void> {
  const { sender, context } = request;
  if (state.isOver) return;
  state.isSubscription = true;
  const place = placeOf(sender);
  if (!subscriptions.take(place)) throw tooMany('subscriptionsPerCredential', subscriptionsPerCredential);
  state.place = place;
  const begun = await pipeline.subscribe(operationRequest(request, operation)).catch((error: unknown) => {
    return { kind: 'refused' as const, errors: [presentFailure(error, context.correlationId, logger)] };
  });
  if (begun.kind === 'refused') {
    await noteRefusal(sender);
    taker.fail(formatErrors(begun.errors));
    return;
  }
  if (state.isOver) {
    begun.answers.leave();
    return;
  }
  state.answers = begun.answers;
  begun.answers.read({
    deliver: taker.next,
    end: (errors) => (errors.length > 0 ? taker.fail(formatErrors(errors)) : taker.complete()),
  });
}

function placeOf({ principal, address }: Sender): string {
  return principal ? `${principal.tenantId} ${principal.credentialId}` : address;
}

const subjects = {
  streams: 'sockets and event streams',
  streamsPerTenant: 'sockets and event streams of a tenant',
  operationsPerSocket: 'operations on a socket',
  subscriptionsPerCredential: 'subscriptions of a credential',
} as const;

/** The refusal of what would be one too many. */
export function tooMany(limit: keyof typeof subjects, value: number): PanoramaError {
  const message = `There can be at most ${value} ${subjects[limit]} at the same time.`;
  return new PanoramaError('OPERATION_LIMIT_EXCEEDED', message, { limit, value });
}
