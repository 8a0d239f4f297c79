import { parse } from 'graphql';
import type { Access } from '../../../gateway/admission/authenticate.ts';
import { createOperationGates } from '../../../gateway/admission/limit-operations.ts';
import { createMemoryRateLimitStore } from '../../../gateway/admission/memory-rate-limit-store.ts';
import { createRateLimiter, noRateLimits } from '../../../gateway/admission/rate-limit.ts';
import { createDocumentValidator } from '../../../gateway/admission/validate-document.ts';
import { executeOperation } from '../../../gateway/execute/execute-operation.ts';
import { createPipeline } from '../../../gateway/pipeline.ts';
import { createPlanCache } from '../../../gateway/plan/plan-cache.ts';
import type { AnswerStream, StreamAnswer } from '../../../gateway/subscribe/answers.ts';
import { composeSupergraph } from '../../../gateway/supergraph/compose.ts';
import type { ServedSupergraph } from '../../../gateway/supergraph/served-supergraph.ts';
import { loadSupergraph } from '../../../gateway/supergraph/supergraph.ts';
import { anySupergraphLimits } from '../../../kernel/config/operation-limits.ts';
import type { Connection, SubscribingConnection } from '../../../kernel/subgraph/connection.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';
import type { RequestContext } from '../../../kernel/tenancy/request-context.ts';
import type { TestSubgraph } from './subgraph.ts';

/** A subgraph that can perhaps be subscribed to. */
type Part = Pick<TestSubgraph, 'name' | 'sdl'> & {
  readonly execute: Connection;
  readonly subscribe?: SubscribingConnection;
};

/** Whose subscription it is, and what it says beside its document. */
export interface SubscriptionOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly principal?: Principal;
  readonly signal?: AbortSignal;
  readonly forwardedHeaders?: Readonly<Record<string, string>>;
  readonly correlationId?: string;
}

/** What has come of a subscription so far. */
export interface Follower {
  readonly answers: readonly StreamAnswer[];
  /** Undefined while it goes on. */
  readonly ended: readonly unknown[] | undefined;
  /** Resolves when so many answers have come. */
  count(answers: number): Promise<void>;
  /** Resolves with the errors when it has ended. */
  readonly end: Promise<readonly { readonly message: string; readonly extensions: Record<string, unknown> }[]>;
  /** It takes one answer more, and then none until it resumes. */
  pause(): void;
  resume(): void;
  leave(): void;
}

/** The pipeline of an anonymous gateway over some subgraphs, which can be replaced. */
export interface SubscribingPipeline {
  /** Begins a subscription and reads it. Rejects with the first error where it does not begin. */
  follow(document: string, options?: SubscriptionOptions): Promise<Follower>;
  /** Serves other subgraphs from now on. */
  replace(parts: readonly Part[]): void;
}

export function servedParts(parts: readonly Part[]): ServedSupergraph {
  const definitions = parts.map(({ name, sdl }) => ({ name, url: `http://${name}.invalid`, sdl }));
  return {
    supergraph: loadSupergraph(composeSupergraph(definitions)),
    connections: new Map(parts.map(({ name, execute }) => [name, execute])),
    subscribingConnections: new Map(
      parts.flatMap(({ name, subscribe }) => (subscribe ? [[name, subscribe] as const] : [])),
    ),
  };
}

const access: Access = { kind: 'anonymous', introspection: true };

export function createSubscribingPipeline(parts: readonly Part[]): SubscribingPipeline {
  let served = servedParts(parts);
  const listeners: (() => void)[] = [];
  const pipeline = createPipeline({
    access,
    current: () => served,
    onReplaced: (listener) => void listeners.push(listener),
    suggestions: true,
    gates: createOperationGates(anySupergraphLimits, createRateLimiter(createMemoryRateLimitStore(), noRateLimits)),
    validateDocument: createDocumentValidator({ suggestions: true }),
    planOperation: createPlanCache(10_000_000),
    decideOverride: () => false,
    execute: executeOperation,
    onSubgraphFailure: () => {},
    eventDeadlineMs: 60_000,
  });
  return {
    async follow(text, { variables = {}, ...of } = {}) {
      const context: RequestContext = {
        correlationId: 'test-correlation',
        principal: undefined,
        signal: new AbortController().signal,
        ...of,
      };
      const document = parse(text);
      const request = { text, document, operationName: undefined, variables, context, address: '' };
      const subscription = await pipeline.subscribe(request);
      if (subscription.kind === 'refused') throw subscription.errors[0];
      return read(subscription.answers);
    },
    replace(next) {
      served = servedParts(next);
      for (const listener of listeners) listener();
    },
  };
}

function read(stream: AnswerStream): Follower {
  const answers: StreamAnswer[] = [];
  const ended = Promise.withResolvers<never>();
  let errors: readonly unknown[] | undefined;
  let isPaused = false;
  let change = Promise.withResolvers<void>();
  stream.read({
    deliver(answer) {
      answers.push(answer);
      change.resolve();
      change = Promise.withResolvers();
      return !isPaused;
    },
    end(all) {
      errors = all;
      ended.resolve(all as never);
    },
  });
  return {
    answers,
    get ended() {
      return errors;
    },
    end: ended.promise,
    async count(wanted) {
      while (answers.length < wanted) await change.promise;
    },
    pause() {
      isPaused = true;
    },
    resume() {
      isPaused = false;
      stream.resume();
    },
    leave: () => stream.leave(),
  };
}
