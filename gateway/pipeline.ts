import type { DocumentNode, GraphQLError } from 'graphql';
import { errorDetailNames } from '../kernel/errors/codes.ts';
import { PanoramaError } from '../kernel/errors/panorama-error.ts';
import type { RequestContext } from '../kernel/tenancy/request-context.ts';
import type { Access } from './admission/authenticate.ts';
import { authorizeOperation, refuseUnlessWhole, verdictOn } from './admission/authorize.ts';
import { coerceVariables } from './admission/coerce-variables.ts';
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
  /** Whether errors may suggest names of the schema to callers who may not read it. */
  readonly suggestions: boolean;
  readonly gates: OperationGates;
  readonly validateDocument: DocumentValidator;
  readonly planOperation: PlanCache;
  /** Decides progressive overrides other than `percent(n)`. */
  readonly decideOverride: (label: string, context: RequestContext) => boolean;
  readonly execute: Execute;
  readonly onSubgraphFailure: SubgraphFailureObserver;
}

/** Answers an operation, or throws a `PanoramaError` that refuses it. */
export type Pipeline = (request: OperationRequest) => Promise<OperationResult>;

/**
 * The request path, once a door has authenticated the caller and parsed the document:
 *
 *     measure (cached) -> validate (cached) -> coerce variables -> charge its cost (cached) -> weigh what the document
 *     needs (cached) -> plan without what is refused (cached) -> authorize -> execute (equal queries once)
 *
 * Every door goes through it, so a rule here is a rule on all of them.
 */
export function createPipeline(parts: PipelineParts): Pipeline {
  return async function answerOperation(request) {
    const { text, document, operationName, variables, context, address, isInParts = false } = request;
    const { supergraph, connections } = parts.current();
    const suggestions = parts.suggestions || mayReadSchema(context.principal);

    parts.gates.checkSize(document, variables);
    const mistakes = parts.validateDocument(supergraph, document);
    if (mistakes.length > 0) return { errors: suggestions ? mistakes : mistakes.map(withoutSuggestionsIn) };

    const coerced = coerceVariables(supergraph, { document, operationName, variables }, suggestions);
    if (!coerced.ok) return { errors: coerced.errors };
    await parts.gates.charge(
      { supergraph, document, operationName, variables: coerced.values },
      { principal: context.principal, address },
    );

    const overrides = chooseOverrides(supergraph.overrideLabels, (label) => parts.decideOverride(label, context));
    const verdict = verdictOn(supergraph, document, context.principal);
    const defers = isInParts && usesDefer(document);
    const plan = parts.planOperation(supergraph, { text, document }, operationName, overrides, defers, verdict);
    refuseSubscription(plan);

    authorizeOperation(parts.access, context.principal, plan);
    checkIntrospection(parts.access, context.principal, plan);
    refuseUnlessWhole(plan, context.principal, coerced.values);

    return await parts.execute({
      plan,
      supergraph,
      variables: coerced.values,
      connections,
      context: plan.operationKind === 'mutation' ? { ...context, operationName: plan.operationName } : context,
      onSubgraphFailure: parts.onSubgraphFailure,
      keptExtensions: errorDetailNames,
    });
  };
}

/** A stream of answers needs a door that keeps open; the doors that come here give one answer. */
function refuseSubscription({ operationKind }: OperationPlan): void {
  if (operationKind !== 'subscription') return;
  throw new PanoramaError('BAD_USER_INPUT', 'There is no door for subscriptions yet: a POST or GET gets one answer.');
}
