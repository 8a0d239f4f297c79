import type { DocumentNode, GraphQLError } from 'graphql';
import { errorDetailNames } from '../kernel/errors/codes.ts';
import { PanoramaError } from '../kernel/errors/panorama-error.ts';
import type { RequestContext } from '../kernel/tenancy/request-context.ts';
import type { Access } from './admission/authenticate.ts';
import { authorizeOperation, refuseUnlessWhole, verdictOn } from './admission/authorize.ts';
import { coerceVariables } from './admission/coerce-variables.ts';
import { type AskedMutation, digestRequest, refuseOtherRequest } from './admission/idempotent-request.ts';
import { checkIntrospection, mayReadSchema } from './admission/introspection.ts';
import type { OperationGates } from './admission/limit-operations.ts';
import { withoutSuggestionsIn } from './admission/suggestions.ts';
import type { DocumentValidator } from './admission/validate-document.ts';
import type { LaterAnswer, SubgraphFailureObserver } from './execute/execute-operation.ts';
import type { Execute } from './execute/share-operations.ts';
import type { WrittenData } from './execute/written-data.ts';
import { chooseOverrides } from './plan/choose-overrides.ts';
import { usesDefer } from './plan/number-defers.ts';
import type { PlanCache } from './plan/plan-cache.ts';
import type { OperationPlan } from './plan/plan-operation.ts';
import type { Subscription } from './subscribe/answers.ts';
import { createSubscriber } from './subscribe/create-subscriber.ts';
import type { ServedSupergraph } from './supergraph/served-supergraph.ts';

/** One operation, as a door hands it over: authenticated and parsed. */
export interface OperationRequest {
  readonly text: string;
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
  /** The client's network address: what is asked without a credential is counted under it. */
  readonly address: string;
  /** Whether the client takes what it defers later than the rest. */
  readonly isInParts?: boolean;
}

/** The answer: without `data` when the operation was refused before it began. */
export interface OperationResult {
  readonly data?: WrittenData;
  readonly errors?: readonly GraphQLError[];
  /** What the client deferred; see the executor. */
  readonly later?: AsyncGenerator<LaterAnswer, void>;
}

/** What the request path works with. */
export interface PipelineParts {
  readonly access: Access;
  /** What is served now. An operation holds on to what it began with. */
  readonly current: () => ServedSupergraph;
  /** Has a function called whenever another one is served. */
  readonly onReplaced?: (listener: () => void) => void;
  /** Whether errors may suggest names of the schema to callers who may not read it. */
  readonly suggestions: boolean;
  readonly gates: OperationGates;
  readonly validateDocument: DocumentValidator;
  readonly planOperation: PlanCache;
  /** Decides progressive overrides other than `percent(n)`. */
  readonly decideOverride: (label: string, context: RequestContext) => boolean;
  readonly execute: Execute;
  readonly onSubgraphFailure: SubgraphFailureObserver;
  /** How long what one event of a subscription needs may take, in milliseconds. */
  readonly eventDeadlineMs: number;
}

/** The way of every operation. What refuses it is thrown as a `PanoramaError`, or among the errors that are answered. */
export interface Pipeline {
  /** Answers a query or a mutation. */
  answer(request: OperationRequest): Promise<OperationResult>;
  /** Begins a subscription. It ends with the signal of its context, too. */
  subscribe(request: OperationRequest): Promise<Subscription>;
}

/** An operation that may run, and what it runs on. */
export interface AdmittedOperation {
  readonly plan: OperationPlan;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly served: ServedSupergraph;
}

type Admission = AdmittedOperation | { readonly errors: readonly GraphQLError[] };

/**
 * The request path, once a door has authenticated the caller and parsed the document:
 *
 *     measure (cached) -> validate (cached) -> coerce variables -> charge its cost (cached) -> weigh what the document
 *     needs (cached) -> plan without what is refused (cached) -> authorize -> execute (equal queries once) or subscribe
 *
 * Every door goes through it, so a rule here is a rule on all of them. A subscription comes this way again when another
 * supergraph is served, but is charged once.
 */
export function createPipeline(parts: PipelineParts): Pipeline {
  async function admit(request: OperationRequest, isCharged: boolean): Promise<Admission> {
    const { text, document, operationName, variables, context, address, isInParts = false } = request;
    const served = parts.current();
    const { supergraph } = served;
    const suggestions = parts.suggestions || mayReadSchema(context.principal);

    parts.gates.checkSize(document, variables);
    const mistakes = parts.validateDocument(supergraph, document);
    if (mistakes.length > 0) return { errors: suggestions ? mistakes : mistakes.map(withoutSuggestionsIn) };

    const coerced = coerceVariables(supergraph, { document, operationName, variables }, suggestions);
    if (!coerced.ok) return { errors: coerced.errors };
    const operation = { supergraph, document, operationName, variables: coerced.values };
    if (isCharged) await parts.gates.charge(operation, { principal: context.principal, address });

    const overrides = chooseOverrides(supergraph.overrideLabels, (label) => parts.decideOverride(label, context));
    const verdict = verdictOn(supergraph, document, context.principal);
    const defers = isInParts && usesDefer(document);
    const plan = parts.planOperation(supergraph, { text, document }, operationName, overrides, defers, verdict);

    authorizeOperation(parts.access, context.principal, plan);
    checkIntrospection(parts.access, context.principal, plan);
    refuseUnlessWhole(plan, context.principal, coerced.values);
    return { plan, variables: coerced.values, served };
  }

  const subscriber = createSubscriber({ ...parts, readmit: (request) => admit(request, false) });
  parts.onReplaced?.(subscriber.reconsider);

  return {
    async answer(request) {
      const admitted = await admit(request, true);
      if ('errors' in admitted) return admitted;
      const { plan, variables, served } = admitted;
      refuseSubscription(plan);
      const { context, text } = request;
      const asked = { text, operationName: plan.operationName, variables };
      const result = await parts.execute({
        plan,
        supergraph: served.supergraph,
        variables,
        connections: served.connections,
        context: plan.operationKind === 'mutation' ? ofMutation(context, asked) : context,
        onSubgraphFailure: parts.onSubgraphFailure,
        keptExtensions: errorDetailNames,
      });
      refuseOtherRequest(result.errors);
      return result;
    },
    async subscribe(request) {
      const admitted = await admit(request, true);
      return 'errors' in admitted ? { kind: 'refused', ...admitted } : await subscriber.subscribe(request, admitted);
    },
  };
}

/** What a mutation goes by where it runs: its name for the record of it, and whether it is one that was sent before. */
function ofMutation(context: RequestContext, asked: AskedMutation): RequestContext {
  return { ...context, operationName: asked.operationName, ...digestRequest(context, asked) };
}

/** A stream of answers needs a door that keeps open. */
function refuseSubscription({ operationKind }: OperationPlan): void {
  if (operationKind !== 'subscription') return;
  const message = 'A subscription gets more than one answer: send it over WebSocket, or ask for `text/event-stream`.';
  throw new PanoramaError('BAD_USER_INPUT', message);
}
