import {
  type DocumentNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { askPlanner, type PlanningRequest } from './ask-planner.ts';
import { compilePlanNode } from './compile-plan-node.ts';
import { compileSelection } from './compile-selection.ts';
import { dropAddedMembers } from './drop-added-members.ts';
import { dropExcluded } from './drop-excluded.ts';
import { dropIntrospection } from './drop-introspection.ts';
import { dropRefused } from './drop-refused.ts';
import { fillDirectiveArguments } from './fill-directive-arguments.ts';
import { type Fragments, fragmentsOf, withInlineFragments } from './inline-fragments.ts';
import { introspectionDocument } from './introspection-document.ts';
import { keepConditionalObjects } from './keep-conditional-objects.ts';
import { losesMembers } from './lost-members.ts';
import { fetchesOf, mapFetches, type PlannedNode } from './map-fetches.ts';
import { mendPlan } from './mend-plan.ts';
import { mergeFetches } from './merge-fetches.ts';
import { type NumberedDefers, numberDefers } from './number-defers.ts';
import type { ObjectShape } from './output-shape.ts';
import type { PlanNode } from './plan-node.ts';
import { isRequiringInTurn, planSteps } from './plan-steps.ts';
import { PlannerFault, TooManyWays } from './planner-fault.ts';
import { refuseFields, type Verdict } from './refuse-fields.ts';
import { renameAliases, type SourceNames } from './rename-aliases.ts';
import { retypeFetch } from './retype-fetch.ts';
import { hasUnmetRequirement } from './unmet-requirement.ts';

/** All that is known of an operation before its variables: what to fetch, and how the answer is formed. */
export interface OperationPlan {
  /** The id of the supergraph it was made for; it is worth nothing with another. */
  readonly supergraphId: string;
  readonly operationKind: 'query' | 'mutation' | 'subscription';
  readonly operationName: string | undefined;
  /** Undefined when no subgraph is asked: introspection and `__typename` only. */
  readonly node: PlanNode | undefined;
  readonly shape: ObjectShape;
  /** The labels of the answer's deferred parts, by the number of the part; empty for an answer that is one. */
  readonly partLabels: readonly (string | undefined)[];
  /** What clients call the response names that only fetches use; for the paths of errors. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** The introspection part of the operation, answered from the API schema. */
  readonly introspection: DocumentNode | undefined;
}

/**
 * Plans one operation of a document that is valid against the supergraph's API schema.
 *
 * Throws `PanoramaError`: BAD_USER_INPUT when the document has no such operation or asks for what is not supported
 * (`@stream`), OPERATION_LIMIT_EXCEEDED when it is too much to plan. Throws `PlannerFault` when no plan is found.
 *
 * @param overrides The labels of the progressive overrides that hold; see `chooseOverrides`.
 * @param isInParts Whether what the client defers may be answered later. Not with a verdict: such an answer is one part.
 * @param verdict What the principal does not meet, if anything. What is refused for it is not fetched.
 */
export function planOperation(
  supergraph: Supergraph,
  requested: DocumentNode,
  operationName?: string,
  overrides: ReadonlySet<string> = new Set(),
  isInParts = false,
  verdict?: Verdict,
): OperationPlan {
  const options = { operationName, overrides, verdict };
  const numbered = numberDefers(requested, operationName, isInParts && !verdict);
  // The planner cannot defer everything, above all not what requires other fields; and `@defer` is a wish.
  const whole = numbered.labels.length > 0 ? [numberDefers(requested, operationName, false)] : [];
  return firstPlan([numbered, ...whole].map((document) => () => planNumbered(supergraph, document, options)));
}

/** What the first way that does not fail gives. Throws as `plansBy` does. */
function firstPlan<Plan>(ways: readonly (() => Plan)[]): Plan {
  for (const plan of plansBy(ways)) return plan;
  throw new PlannerFault('There is no way to plan.');
}

/** What ways give that do not fail, one by one. Throws the last `PlannerFault` when all fail, and whatever else is thrown. */
function* plansBy<Plan>(ways: readonly (() => Plan)[]): Generator<Plan, void> {
  const faults: PlannerFault[] = [];
  for (const way of ways) {
    let plan: Plan;
    try {
      plan = way();
    } catch (error) {
      if (!(error instanceof PlannerFault)) throw error;
      faults.push(error);
      continue;
    }
    yield plan;
  }
  const fault = faults.at(-1);
  if (fault && faults.length === ways.length) throw fault;
}

interface PlanningOptions {
  readonly operationName: string | undefined;
  readonly overrides: ReadonlySet<string>;
  readonly verdict: Verdict | undefined;
}

function planNumbered(
  supergraph: Supergraph,
  { document, labels }: NumberedDefers,
  { operationName, overrides, verdict }: PlanningOptions,
): OperationPlan {
  const operation = operationOf(document, operationName);
  const fragments = fragmentsOf(document);
  const { document: planned, sourceNames } = renameAliases(document, supergraph.requirements.addedNames);
  const wholeShape = compileSelection(
    supergraph.apiSchema,
    rootTypeOf(supergraph, operation),
    operation.selectionSet,
    fragments,
    sourceNames,
  );
  const shape = verdict ? refuseFields(supergraph.needs, verdict, wholeShape) : wholeShape;
  const allowed = verdict ? dropRefused(supergraph.apiSchema, planned, operationName, shape) : planned;
  const node = planFetches(supergraph, shape, { document: allowed, operationName, overrides });
  if (!node && shape.fields.some(({ kind }) => kind === 'Data')) throw new PlannerFault('There is nothing to fetch.');
  return Object.freeze({
    supergraphId: supergraph.id,
    operationKind: operation.operation,
    operationName: operation.name?.value,
    node,
    shape,
    partLabels: Object.freeze(labels),
    clientNames: clientNamesOf(supergraph, sourceNames),
    introspection: introspectionDocument(operation, fragments),
  });
}

function clientNamesOf({ standIns }: Supergraph, sourceNames: SourceNames): ReadonlyMap<string, string> {
  const trueNames = Array.from(standIns.fields, ([standIn, { name }]) => [standIn, name] as const);
  return new Map([...trueNames, ...Array.from(sourceNames, ([alias, name]) => [name, alias] as const)]);
}

function operationOf(document: DocumentNode, operationName: string | undefined): OperationDefinitionNode {
  const operation = getOperationAST(document, operationName);
  if (!operation) {
    const message =
      operationName === undefined
        ? 'The document must hold exactly one operation, or the request must name one.'
        : `The document holds no operation named "${operationName}".`;
    throw new PanoramaError('BAD_USER_INPUT', message);
  }
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) refuseConditionalSource(operation, fragmentsOf(document));
  return operation;
}

/** What is said to a subscription whose variables would decide what its source is. */
export const conditionalSource = 'The field of a subscription cannot have @skip or @include.';

/** A subscription has one source, whatever its variables are. */
function refuseConditionalSource({ selectionSet }: OperationDefinitionNode, fragments: Fragments): void {
  const isConditional = ({ selections }: SelectionSetNode): boolean =>
    selections.some((selection) => {
      if (selection.directives?.some(({ name }) => name.value === 'skip' || name.value === 'include')) return true;
      return selection.kind === Kind.INLINE_FRAGMENT && isConditional(selection.selectionSet);
    });
  if (!isConditional(withInlineFragments(selectionSet, fragments))) return;
  throw new PanoramaError('BAD_USER_INPUT', conditionalSource);
}

function rootTypeOf({ apiSchema }: Supergraph, { operation }: OperationDefinitionNode) {
  const rootType = apiSchema.getRootType(operation);
  if (!rootType) throw new PanoramaError('BAD_USER_INPUT', `The schema has no ${operation} type.`);
  return rootType;
}

function planFetches(supergraph: Supergraph, shape: ObjectShape, requested: PlanningRequest): PlanNode | undefined {
  refuseStream(requested.document);
  const { schema } = supergraph.planner.supergraph;
  const prepared = keepConditionalObjects(dropExcluded(dropIntrospection(requested.document)));
  const request = { ...requested, document: fillDirectiveArguments(supergraph.apiSchema, prepared) };
  const planned = refusingTooMany(() => planWhole(supergraph, request));
  if (!planned) return undefined;
  const ways = [() => planMembers(supergraph, shape, request), () => planned];
  const whole = losesMembers(supergraph, shape, planned) ? firstPlan(ways) : planned;
  return compilePlanNode(schema, mendPlan(supergraph, whole));
}

/**
 * The planner's plan; where it finds none, or a wrong one, one in steps. Where fields require fields that require others,
 * the planner also fetches in vain now and then: there the shorter of the two is taken.
 */
function planWhole(supergraph: Supergraph, request: PlanningRequest): PlannedNode | undefined {
  const ways = [planAtOnce, planSteps].map((plan) => () => {
    const planned = plan(supergraph, request);
    const node = planned && retype(supergraph, planned);
    if (node) refuseUnmet(supergraph, node);
    return node;
  });
  return isRequiringInTurn(supergraph, request) ? shortestPlan(ways) : firstPlan(ways);
}

function shortestPlan(ways: readonly (() => PlannedNode | undefined)[]): PlannedNode | undefined {
  const plans = [...plansBy(ways)];
  const lengths = plans.map((plan) => (plan ? fetchesOf(plan).length : 0));
  return plans[lengths.indexOf(Math.min(...lengths))];
}

function refuseUnmet({ requirements }: Supergraph, plan: PlannedNode): void {
  if (hasUnmetRequirement(requirements, plan)) throw new PlannerFault('A requirement is unmet.');
}

/** Runs a way to plan. Throws `PanoramaError` OPERATION_LIMIT_EXCEEDED where there are too many ways. */
function refusingTooMany<Plan>(way: () => Plan): Plan {
  try {
    return way();
  } catch (error) {
    if (!(error instanceof TooManyWays)) throw error;
    const message =
      'There are too many ways to fetch a field of the operation. Ask for less below fields of interfaces and unions, or in several operations.';
    throw new PanoramaError('OPERATION_LIMIT_EXCEEDED', message, { limit: 'paths', value: error.bound });
  }
}

function planAtOnce({ planner }: Supergraph, request: PlanningRequest): PlannedNode | undefined {
  return askPlanner(planner, request);
}

/** The plan without the subgraphs that only the planners know. */
function retype({ typed }: Supergraph, plan: PlannedNode): PlannedNode {
  if (typed.size === 0) return plan;
  const retyped = mapFetches(plan, (fetch, nodeOf) => {
    const nodes = retypeFetch(typed, fetch).map(nodeOf);
    const [only] = nodes;
    return only && nodes.length === 1 ? only : { kind: 'Parallel', nodes };
  });
  return mergeFetches(retyped);
}

/** A plan that loses nothing. Throws `PlannerFault` when there is none. */
function planMembers(supergraph: Supergraph, shape: ObjectShape, request: PlanningRequest): PlannedNode {
  const node = askPlanner(supergraph.memberPlanner(), request);
  const plan = node && dropAddedMembers(supergraph, retype(supergraph, node));
  if (!plan || losesMembers(supergraph, shape, plan)) throw new PlannerFault('A member is lost.');
  refuseUnmet(supergraph, plan);
  return plan;
}

/** The planner would silently plan as if the directive were not there. */
function refuseStream(document: DocumentNode): void {
  visit(document, {
    Directive({ name }) {
      if (name.value === 'stream') throw new PanoramaError('BAD_USER_INPUT', '@stream is not supported.');
    },
  });
}
