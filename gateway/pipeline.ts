import type { DocumentNode, GraphQLError } from 'graphql';
import { errorDetailNames } from '../kernel/errors/codes.ts';
import type { RequestContext } from '../kernel/tenancy/request-context.ts';
import type { Access } from './admission/authenticate.ts';
import { authorizeOperation } from './admission/authorize.ts';
import { coerceVariables } from './admission/coerce-variables.ts';
import type { DocumentValidator } from './admission/validate-document.ts';
import type { SubgraphFailureObserver } from './execute/execute-operation.ts';
import type { Execute } from './execute/share-operations.ts';
import type { WrittenData } from './execute/written-data.ts';
import { chooseOverrides } from './plan/choose-overrides.ts';
import type { PlanCache } from './plan/plan-cache.ts';
import type { ServedSupergraph } from './supergraph/served-supergraph.ts';

/** One operation, as a door hands it over: authenticated and parsed. */
export interface OperationRequest {
  readonly text: string;
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly context: RequestContext;
}

/** The answer: without `data` when the operation was refused before it began. */
export interface OperationResult {
  readonly data?: WrittenData;
  readonly errors?: readonly GraphQLError[];
}

/** What the request path works with. */
export interface PipelineParts {
  readonly access: Access;
  /** What is served now. An operation holds on to what it began with. */
  readonly current: () => ServedSupergraph;
  /** Whether errors may suggest names of the schema. */
  readonly suggestions: boolean;
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
 *     validate (cached) -> plan (cached) -> authorize -> coerce variables -> execute (equal queries once)
 *
 * Every door goes through it, so a rule here is a rule on all of them.
 */
export function createPipeline(parts: PipelineParts): Pipeline {
  return async function answerOperation({ text, document, operationName, variables, context }) {
    const { supergraph, connections } = parts.current();

    const mistakes = parts.validateDocument(supergraph, document);
    if (mistakes.length > 0) return { errors: mistakes };

    const overrides = chooseOverrides(supergraph.overrideLabels, (label) => parts.decideOverride(label, context));
    const plan = parts.planOperation(supergraph, { text, document }, operationName, overrides);

    authorizeOperation(parts.access, context.principal, plan);

    const coerced = coerceVariables(supergraph, { document, operationName, variables }, parts.suggestions);
    if (!coerced.ok) return { errors: coerced.errors };

    return await parts.execute({
      plan,
      supergraph,
      variables: coerced.values,
      connections,
      context,
      onSubgraphFailure: parts.onSubgraphFailure,
      keptExtensions: errorDetailNames,
    });
  };
}
