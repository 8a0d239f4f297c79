import type { GraphQLError, GraphQLFormattedError } from 'graphql';
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
import type { AnswerReader, AnswerStream } from '../subscribe/answers.ts';
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
  const operation = new StreamedOperation(parts, request.sender.principal, taker);
  void run(parts, request, operation).catch((error: unknown) => fail(parts, request, operation, error));
  return operation;
}

/**
 * An operation on its way from its request to its taker, which hears nothing after the end. There is one for each
 * subscription that is open: it keeps nothing of the request.
 */
class StreamedOperation implements RunningOperation, AnswerReader {
  // What each answer looks at stands together.
  #isOver = false;
  readonly #taker: OperationTaker;
  #isSubscription = false;
  #answers: AnswerStream | undefined;
  /** What of the places of subscriptions it has taken. */
  #place: string | undefined;
  readonly principal: Principal | undefined;
  readonly #subscriptions: Places;
  readonly #ending = createEnding();

  constructor({ subscriptions }: StreamParts, principal: Principal | undefined, taker: OperationTaker) {
    this.principal = principal;
    this.#subscriptions = subscriptions;
    this.#taker = taker;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  isSubscription(): boolean {
    return this.#isSubscription;
  }

  /** Takes a place of its credential; false when there is none left. */
  takePlace(place: string): boolean {
    this.#isSubscription = true;
    if (!this.#subscriptions.take(place)) return false;
    this.#place = place;
    return true;
  }

  /** Hands out answers from now on. */
  follow(answers: AnswerStream): void {
    if (this.#isOver) {
      answers.leave();
      return;
    }
    this.#answers = answers;
    answers.read(this);
  }

  resume(): void {
    this.#answers?.resume();
  }

  leave(): void {
    if (this.#isOver) return;
    this.#close();
    this.#answers?.leave();
    this.#ending.end(new DOMException('The client has left.', 'AbortError'));
  }

  late(): void {
    this.#ending.end(new DOMException('The deadline of the operation has passed.', 'TimeoutError'));
  }

  deliver(answer: AnswerJson): boolean {
    return !this.#isOver && this.#taker.next(answer);
  }

  end(errors: readonly GraphQLError[]): void {
    if (errors.length > 0) this.fail(formatErrors(errors));
    else this.complete();
  }

  fail(errors: readonly GraphQLFormattedError[]): void {
    if (this.#isOver) return;
    this.#close();
    this.#taker.fail(errors);
  }

  complete(): void {
    if (this.#isOver) return;
    this.#close();
    this.#taker.complete();
  }

  #close(): void {
    this.#isOver = true;
    if (this.#place !== undefined) this.#subscriptions.leave(this.#place);
    this.#place = undefined;
  }
}

async function fail(
  { noteRefusal, noteDenial, logger }: StreamParts,
  { sender, context: { correlationId } }: StreamedRequest,
  operation: StreamedOperation,
  error: unknown,
): Promise<void> {
  await noteRefusal(sender);
  await noteDenial?.(error, { principal: sender.principal, correlationId });
  operation.fail(formatErrors([presentFailure(error, correlationId, logger)]));
}

async function run(parts: StreamParts, request: StreamedRequest, begun: StreamedOperation): Promise<void> {
  const { principal } = request.sender;
  const operation = readOperation(request.body, {
    admit: (sent) => parts.admitText(sent, principal),
    parse: parts.parseDocument,
  });
  if (operation.kind === 'mutation' && !request.mayWrite) {
    throw new PanoramaError('BAD_USER_INPUT', 'A mutation is sent by POST.');
  }
  if (operation.kind === 'subscription') await follow(parts, request, operation, begun);
  else await answerOnce(parts, request, operation, begun);
}

function operationRequest({ sender, context }: StreamedRequest, operation: ReadOperation, signal: AbortSignal) {
  const { principal, address } = sender;
  return { ...operation, address, context: { ...context, principal, signal } };
}

async function answerOnce(
  { pipeline, deadlines, logger, noteRefusal }: StreamParts,
  request: StreamedRequest,
  operation: ReadOperation,
  begun: StreamedOperation,
): Promise<void> {
  const inTime = deadlines.start(() => begun.late());
  const asked = operationRequest(request, operation, begun.signal);
  const { data, errors = [] } = await answerOperation(pipeline, asked, logger);
  inTime();
  const formatted = formatErrors(errors);
  if (data === undefined) {
    await noteRefusal(request.sender);
    begun.fail(formatted);
    return;
  }
  const text = answerText({ ...(formatted.length > 0 && { errors: formatted }), data: data as never });
  begun.deliver({ text, bytes: Buffer.from(text) });
  begun.complete();
}

async function follow(
  { pipeline, subscriptionsPerCredential, noteRefusal, logger }: StreamParts,
  request: StreamedRequest,
  operation: ReadOperation,
  begun: StreamedOperation,
): Promise<void> {
  const { sender, context } = request;
  if (begun.isOver) return;
  if (!begun.takePlace(placeOf(sender))) throw tooMany('subscriptionsPerCredential', subscriptionsPerCredential);
  const asked = operationRequest(request, operation, begun.signal);
  const subscription = await pipeline.subscribe(asked).catch((error: unknown) => {
    return { kind: 'refused' as const, errors: [presentFailure(error, context.correlationId, logger)] };
  });
  if (subscription.kind === 'refused') {
    await noteRefusal(sender);
    begun.fail(formatErrors(subscription.errors));
  } else {
    begun.follow(subscription.answers);
  }
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
