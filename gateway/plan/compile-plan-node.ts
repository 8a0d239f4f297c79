import {
  type CompositeType,
  type Schema as FederationSchema,
  isInterfaceType,
  isUnionType,
} from '@apollo/federation-internals';
import type * as apollo from '@apollo/query-planner';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { fetchedResponseNames } from './fetched-response-names.ts';
import type {
  ConditionNode,
  ContextArgument,
  DeferNode,
  FetchNode,
  PlanNode,
  RequiredSelection,
  Rewrite,
  RewriteStep,
} from './plan-node.ts';

/**
 * Turns the planner's plan into ours: frozen, with type conditions resolved to the names of the types that fulfil them.
 *
 * @param schema The whole supergraph, because plans also name types that clients do not see.
 */
export function compilePlanNode(schema: FederationSchema, node: apollo.PlanNode | apollo.SubscriptionNode): PlanNode {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return Object.freeze({
        kind: node.kind,
        nodes: Object.freeze(node.nodes.map((child) => compilePlanNode(schema, child))),
      });
    case 'Flatten':
      return Object.freeze({
        kind: 'Flatten',
        path: Object.freeze(node.path.map(String)),
        node: compilePlanNode(schema, node.node),
      });
    case 'Condition':
      return compileCondition(schema, node);
    case 'Fetch':
      return compileFetch(schema, node);
    case 'Defer':
      return compileDefer(schema, node);
    case 'Subscription':
      return Object.freeze({
        kind: 'Subscription',
        primary: compileFetch(schema, node.primary),
        rest: node.rest && compilePlanNode(schema, node.rest),
      });
  }
}

function compileDefer(schema: FederationSchema, { primary, deferred }: apollo.DeferNode): DeferNode {
  const blocks = deferred.map(({ label, depends, node }) =>
    Object.freeze({
      // The labels are those of `numberDefers`.
      part: Number(label),
      depends: Object.freeze(depends.map(({ id }) => id)),
      node: node && compilePlanNode(schema, node),
    }),
  );
  return Object.freeze({
    kind: 'Defer',
    primary: primary.node && compilePlanNode(schema, primary.node),
    blocks: Object.freeze(blocks),
  });
}

function compileCondition(schema: FederationSchema, node: apollo.ConditionNode): ConditionNode {
  return Object.freeze({
    kind: 'Condition',
    variable: node.condition,
    ifClause: node.ifClause && compilePlanNode(schema, node.ifClause),
    elseClause: node.elseClause && compilePlanNode(schema, node.elseClause),
  });
}

/** The planner numbers the fetches of a plan; without their numbers, those that ask the same have the same text. */
const fetchNumber = /__\d+$/;

function compileFetch(schema: FederationSchema, node: apollo.FetchNode): FetchNode {
  if (node.requires && node.variableUsages?.includes('representations')) {
    // It is what the subgraph's operation calls the entities that it is asked for.
    throw new PanoramaError('BAD_USER_INPUT', 'A variable named "$representations" cannot be used here.');
  }
  const outputRewrites = compileRewrites(schema, node.outputRewrites);
  const operationName = node.operationName?.replace(fetchNumber, '');
  return Object.freeze({
    kind: 'Fetch',
    id: node.id,
    subgraph: node.serviceName,
    document: node.operation.replace(node.operationName ?? '', operationName ?? ''),
    operationName,
    operationKind: node.operationKind,
    variableNames: Object.freeze([...(node.variableUsages ?? [])]),
    responseNames: fetchedResponseNames(node, outputRewrites),
    requires: node.requires && compileRequires(schema, node.requires),
    contexts: compileContexts(schema, node.contextRewrites),
    inputRewrites: compileRewrites(schema, node.inputRewrites),
    outputRewrites,
  });
}

function compileRequires(
  schema: FederationSchema,
  selections: readonly apollo.QueryPlanSelectionNode[],
): readonly RequiredSelection[] {
  return Object.freeze(
    selections.flatMap((selection): readonly RequiredSelection[] => {
      if (selection.kind === 'Field') {
        const responseName = selection.alias ?? selection.name;
        const nested = selection.selections && compileRequires(schema, selection.selections);
        return [Object.freeze({ kind: 'Field', responseName, selections: nested })];
      }
      const nested = compileRequires(schema, selection.selections);
      if (selection.typeCondition === undefined) return nested;
      const typeNames = namesOfSubtypes(schema, selection.typeCondition);
      return [Object.freeze({ kind: 'InlineFragment', typeNames, selections: nested })];
    }),
  );
}

function compileRewrites(
  schema: FederationSchema,
  rewrites: readonly apollo.FetchDataRewrite[] | undefined,
): readonly Rewrite[] {
  return Object.freeze(
    (rewrites ?? []).flatMap((rewrite): readonly Rewrite[] => {
      const key = rewrite.path.at(-1);
      if (key === undefined) return [];
      const path = Object.freeze(rewrite.path.slice(0, -1).map((step) => compileRewriteStep(schema, step)));
      return rewrite.kind === 'ValueSetter'
        ? [Object.freeze({ kind: rewrite.kind, path, key, value: rewrite.setValueTo as unknown })]
        : [Object.freeze({ kind: rewrite.kind, path, key, newKey: rewrite.renameKeyTo })];
    }),
  );
}

function compileContexts(
  schema: FederationSchema,
  rewrites: readonly apollo.FetchDataKeyRenamer[] | undefined,
): readonly ContextArgument[] {
  return Object.freeze(
    (rewrites ?? []).map(({ path, renameKeyTo: variable }) => {
      const below = path.filter((step) => step !== '..');
      const steps = Object.freeze(below.map((step) => compileRewriteStep(schema, step)));
      return Object.freeze({ variable, levels: path.length - below.length, path: steps });
    }),
  );
}

const fragmentPrefix = '... on ';

function compileRewriteStep(schema: FederationSchema, step: string): RewriteStep {
  return step.startsWith(fragmentPrefix)
    ? Object.freeze({
        kind: 'InlineFragment',
        typeNames: namesOfSubtypes(schema, step.slice(fragmentPrefix.length)),
      })
    : Object.freeze({ kind: 'Field', responseName: step });
}

/** The type's own name is among them: an `@interfaceObject` subgraph calls its objects by the interface's name. */
function namesOfSubtypes(schema: FederationSchema, typeName: string): ReadonlySet<string> {
  const type = schema.type(typeName) as CompositeType | undefined;
  const subtypes =
    type === undefined ? [] : isInterfaceType(type) ? type.allImplementations() : isUnionType(type) ? type.types() : [];
  return new Set([typeName, ...subtypes.map(({ name }) => name)]);
}
