import { operationFromDocument } from '@apollo/federation-internals';
import type * as apollo from '@apollo/query-planner';
import type { QueryPlanner } from '@apollo/query-planner';
import { type DocumentNode, getOperationAST, type OperationDefinitionNode, OperationTypeNode, visit } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { compilePlanNode } from './compile-plan-node.ts';
import { compileSelection } from './compile-selection.ts';
import { dropExcluded } from './drop-excluded.ts';
import { fragmentsOf } from './inline-fragments.ts';
import { introspectionDocument } from './introspection-document.ts';
import { keepConditionalObjects } from './keep-conditional-objects.ts';
import { mapFetches } from './map-fetches.ts';
import { mendPlan } from './mend-plan.ts';
import type { ObjectShape } from './output-shape.ts';
import type { PlanNode } from './plan-node.ts';
import { renameAliases, type SourceNames } from './rename-aliases.ts';
import { hasUnmetRequirement } from './unmet-requirement.ts';

/** All that is known of an operation before its variables: what to fetch, and how the answer is formed. */
export interface OperationPlan {
  /** The id of the supergraph it was made for; it is worth nothing with another. */
  readonly supergraphId: string;
  readonly operationKind: 'query' | 'mutation';
  readonly operationName: string | undefined;
  /** Undefined when no subgraph is asked: introspection and `__typename` only. */
  readonly node: PlanNode | undefined;
  readonly shape: ObjectShape;
  /** What clients call the response names that only fetches use; for the paths of errors. */
  readonly clientNames: ReadonlyMap<string, string>;
  /** The introspection part of the operation, answered from the API schema. */
  readonly introspection: DocumentNode | undefined;
}

/**
 * Plans one operation of a document that is valid against the supergraph's API schema.
 *
 * Throws `PanoramaError`: BAD_USER_INPUT when the document has no such operation or asks for what is not supported
 * (subscriptions, `@defer`), INTERNAL when the planner finds no fetch for an operation that needs one.
 *
 * @param overrides The labels of the progressive overrides that hold; see `chooseOverrides`.
 */
export function planOperation(
  supergraph: Supergraph,
  document: DocumentNode,
  operationName?: string,
  overrides: ReadonlySet<string> = new Set(),
): OperationPlan {
  const operation = operationOf(document, operationName);
  const fragments = fragmentsOf(document);
  const { document: planned, sourceNames } = renameAliases(document, supergraph.requirements.addedNames);
  const shape = compileSelection(
    supergraph.apiSchema,
    rootTypeOf(supergraph, operation),
    operation.selectionSet,
    fragments,
    sourceNames,
  );
  const node = planFetches(supergraph, planned, operationName, overrides);
  if (!node && shape.fields.some(({ kind }) => kind === 'Data')) {
    throw new PanoramaError('INTERNAL', 'No plan was found for the operation.');
  }
  return Object.freeze({
    supergraphId: supergraph.id,
    operationKind: operation.operation === OperationTypeNode.MUTATION ? 'mutation' : 'query',
    operationName: operation.name?.value,
    node,
    shape,
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
  if (operation.operation === OperationTypeNode.SUBSCRIPTION) {
    throw new PanoramaError('BAD_USER_INPUT', 'Subscriptions are not supported.');
  }
  return operation;
}

function rootTypeOf({ apiSchema }: Supergraph, { operation }: OperationDefinitionNode) {
  const rootType = apiSchema.getRootType(operation);
  if (!rootType) throw new PanoramaError('BAD_USER_INPUT', `The schema has no ${operation} type.`);
  return rootType;
}

function planFetches(
  supergraph: Supergraph,
  document: DocumentNode,
  operationName: string | undefined,
  overrides: ReadonlySet<string>,
): PlanNode | undefined {
  refuseDefer(document);
  const { schema } = supergraph.planner.supergraph;
  const prepared = keepConditionalObjects(dropExcluded(document));
  const request: PlanningRequest = { document: prepared, operationName, overrides };
  const node = askPlanner(supergraph.planner, request);
  if (!node || node.kind === 'Subscription') return node && compilePlanNode(schema, node);
  const planned = hasUnmetRequirement(supergraph.requirements, node) ? planApart(supergraph, request) : node;
  return compilePlanNode(schema, mendPlan(supergraph, planned));
}

interface PlanningRequest {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly overrides: ReadonlySet<string>;
}

function askPlanner(
  planner: QueryPlanner,
  { document, operationName, overrides }: PlanningRequest,
): apollo.QueryPlan['node'] {
  const options = operationName === undefined ? {} : { operationName };
  // The planner's own validation would repeat what the request path has done already.
  const operation = operationFromDocument(planner.supergraph.apiSchema(), document, { ...options, validate: false });
  const overrideConditions = new Map([...overrides].map((label) => [label, true]));
  return planner.buildQueryPlan(operation, { overrideConditions }).node;
}

function planApart(supergraph: Supergraph, request: PlanningRequest): apollo.PlanNode {
  const { planner, subgraphNames } = supergraph.apartPlanner();
  const node = askPlanner(planner, request);
  if (!node || node.kind === 'Subscription')
    throw new PanoramaError('INTERNAL', 'No plan was found for the operation.');
  const renamed = mapFetches(node, (fetch, nodeOf) => nodeOf(withTrueName(fetch, subgraphNames)));
  if (hasUnmetRequirement(supergraph.requirements, renamed)) {
    throw new PanoramaError('INTERNAL', 'No plan was found for the operation.');
  }
  return renamed;
}

/** The planner puts the subgraph's name into the operation's. */
function withTrueName(fetch: apollo.FetchNode, subgraphNames: ReadonlyMap<string, string>): apollo.FetchNode {
  const { operationDocumentNode, ...rest } = fetch;
  const { serviceName, operation, operationName } = fetch;
  const trueName = subgraphNames.get(serviceName);
  if (trueName === undefined) return fetch;
  const renamed = operationName?.replace(`__${serviceName}__`, `__${trueName.replaceAll(/\W/g, '_')}__`);
  const renamedOperation = operation.replace(operationName ?? '', renamed ?? '');
  return { ...rest, serviceName: trueName, operation: renamedOperation, operationName: renamed };
}

/** The planner would silently plan as if the directive were not there. */
function refuseDefer(document: DocumentNode): void {
  visit(document, {
    Directive({ name }) {
      if (name.value !== 'defer' && name.value !== 'stream') return;
      throw new PanoramaError('BAD_USER_INPUT', `@${name.value} is not supported.`);
    },
  });
}
