import type * as apollo from '@apollo/query-planner';
import { trimSelectionNodes } from '@apollo/query-planner';
import {
  type DocumentNode,
  type FieldNode,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  print,
  type SelectionNode,
  type VariableDefinitionNode,
  visit,
} from 'graphql';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { askPlanner, type PlanningRequest } from './ask-planner.ts';
import { fetchedSelectionsOf, withSelections } from './fetched-fields.ts';
import { fragmentsOf, variableNamesIn, withInlineFragments } from './inline-fragments.ts';
import type { PlannedNode } from './map-fetches.ts';
import { PlannerFault } from './planner-fault.ts';
import { fragmentOn, selectionSetOf } from './selection-nodes.ts';
import { type Place, placeBelow, type Step, type StepSetting, type Stripped, strip } from './set-steps.ts';

interface Planning extends StepSetting {
  readonly planner: apollo.QueryPlanner;
  readonly operation: OperationDefinitionNode;
}

/**
 * Plans an operation step by step: first all of it but the fields that require others, with what these require in their
 * place; then, of the objects that this gives, those fields, and what is below them. The planner cannot lose its way
 * among requirements that it does not know. There may be a fetch more than in its own plans, or one less.
 *
 * Throws `PlannerFault` when this cannot be done either, as for answers in parts.
 */
export function planSteps(supergraph: Supergraph, request: PlanningRequest): PlannedNode | undefined {
  const operation = getOperationAST(request.document, request.operationName);
  if (!operation || isDeferring(request.document)) throw new PlannerFault('Such an operation is not planned in steps.');
  const setting = settingOf(supergraph, request);
  const planning = { ...setting, planner: supergraph.stepPlanner(), operation };
  return planStripped(planning, operation.operation, stripWhole(setting, request, operation));
}

/** Tells whether an operation has a field that requires a field that itself requires one. */
export function isRequiringInTurn(supergraph: Supergraph, request: PlanningRequest): boolean {
  const operation = getOperationAST(request.document, request.operationName);
  if (!operation || supergraph.requirements.fields.size === 0) return false;
  return stripWhole(settingOf(supergraph, request), request, operation).steps.some(({ level }) => level > 0);
}

function settingOf({ steps, members, requirements }: Supergraph, { overrides }: PlanningRequest): StepSetting {
  const { fields, targets } = steps();
  return { fields, targets, members, objectTypes: requirements.objectTypes, overrides };
}

function stripWhole(setting: StepSetting, { document }: PlanningRequest, operation: OperationDefinitionNode): Stripped {
  const root: Place = { typeName: rootTypes[operation.operation], path: [], conditions: [] };
  return strip(setting, withInlineFragments(operation.selectionSet, fragmentsOf(document)), root);
}

/** The names of root types in a supergraph. */
const rootTypes = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

function isDeferring(document: DocumentNode): boolean {
  let isFound = false;
  visit(document, {
    Directive({ name }) {
      if (name.value === 'defer') isFound = true;
    },
  });
  return isFound;
}

function planStripped(planning: Planning, kind: OperationTypeNode, { selections, steps }: Stripped): PlannedNode {
  const first = askFor(planning, kind, selections);
  const byLevel = Map.groupBy(steps, ({ level }) => level);
  const levels = [...byLevel.keys()].sort((one, other) => one - other);
  const later = levels.map((level): apollo.PlanNode => {
    const byPlace = Map.groupBy(
      byLevel.get(level) ?? [],
      ({ path, requiring }) => `${path.join('.')} ${requiring.graph}`,
    );
    return { kind: 'Parallel', nodes: [...byPlace.values()].map((group) => planGroup(planning, group)) };
  });
  if (first.kind !== 'Subscription') return { kind: 'Sequence', nodes: [first, ...later] };
  const rest = [...(first.rest ? [first.rest] : []), ...later];
  return { ...first, ...(rest.length > 0 && { rest: { kind: 'Sequence', nodes: rest } }) };
}

function askFor(planning: Planning, kind: OperationTypeNode, selections: readonly SelectionNode[]): PlannedNode {
  const { operation, planner, overrides } = planning;
  const selectionSet = selectionSetOf(selections);
  const used = variableNamesIn(selectionSet);
  const variableDefinitions = operation.variableDefinitions?.filter(({ variable }) => used.has(variable.name.value));
  const asked = { ...operation, operation: kind, selectionSet, variableDefinitions: variableDefinitions ?? [] };
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [asked] };
  const node = askPlanner(planner, { document, operationName: operation.name?.value, overrides });
  if (!node) throw new PlannerFault('There is nothing to fetch for a step.');
  return node;
}

/** Steps for objects at one place, in one subgraph. */
function planGroup(planning: Planning, group: readonly Step[]): apollo.PlanNode {
  const byRoot = Map.groupBy(group, ({ requiring }) => requiring.rootName);
  const roots = Array.from(byRoot, ([rootName, steps]) => stepRoot(planning, rootName, steps));
  const stripped = {
    selections: roots.flatMap(({ selections }) => selections),
    steps: roots.flatMap((root) => root.steps),
  };
  const planned = planStripped(planning, OperationTypeNode.QUERY, stripped);
  if (planned.kind === 'Subscription') throw new PlannerFault('A step is a query.');
  return atPlace(planned, group);
}

/** What is asked below the root field that stands for the objects of one type. */
function stepRoot(planning: Planning, rootName: string, steps: readonly Step[]): Stripped {
  const typeName = steps[0]?.requiring.typeName ?? '';
  const root: Place = { typeName, path: [rootName], conditions: [] };
  const parts = steps.map(({ selection, field }): Stripped => {
    if (!field.selectionSet) return { selections: [selection], steps: [] };
    const below = strip(planning, field.selectionSet, placeBelow(planning, field, root));
    const bare = { ...field, selectionSet: selectionSetOf(below.selections) };
    return { selections: [visit(selection, { Field: (node) => (node === field ? bare : false) })], steps: below.steps };
  });
  const selections = parts.flatMap((part) => part.selections);
  const unique = [...new Map(selections.map((selection) => [print(selection), selection])).values()];
  const field: FieldNode = {
    kind: Kind.FIELD,
    name: { kind: Kind.NAME, value: rootName },
    selectionSet: selectionSetOf(unique),
  };
  return { selections: [field], steps: parts.flatMap((part) => part.steps) };
}

/** A plan that begins at the root fields of steps, as one that begins at their objects. */
function atPlace(node: apollo.PlanNode, group: readonly Step[]): apollo.PlanNode {
  const path = [...(group[0]?.path ?? [])];
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { ...node, nodes: node.nodes.map((child) => atPlace(child, group)) };
    case 'Condition':
      return {
        ...node,
        ...(node.ifClause && { ifClause: atPlace(node.ifClause, group) }),
        ...(node.elseClause && { elseClause: atPlace(node.elseClause, group) }),
      };
    case 'Flatten':
      return { ...node, path: [...path, ...node.path.slice(1)] };
    case 'Fetch':
      return { kind: 'Flatten', path, node: entityFetch(node, group) };
    case 'Defer':
      throw new PlannerFault('A step is never deferred.');
  }
}

function entityFetch(fetch: apollo.FetchNode, group: readonly Step[]): apollo.FetchNode {
  const fetched = fetchedSelectionsOf(fetch);
  if (!fetched || fetch.outputRewrites?.length) throw new PlannerFault('A step cannot be fetched at its place.');
  const fragments = fetched.selectionSet.selections.map((root): SelectionNode => {
    const step = root.kind === Kind.FIELD && group.find(({ requiring }) => requiring.rootName === root.name.value);
    if (!step || !root.selectionSet) throw new PlannerFault('A step begins at its own root field.');
    return fragmentOn(step.requiring.typeName, root.selectionSet.selections);
  });
  const byType = Map.groupBy(group, ({ requiring }) => requiring.typeName);
  const requires = Array.from(byType, ([typeName, steps]) => {
    const needs = steps.flatMap(({ requiring }) => requiring.needs.selections);
    return fragmentOn(typeName, [...new Map(needs.map((one) => [print(one), one])).values()]);
  });
  const entities: FieldNode = { ...entitiesField, selectionSet: selectionSetOf(fragments) };
  const variableDefinitions = [representations, ...(fetched.operation.variableDefinitions ?? [])];
  const operation = { ...fetched.operation, variableDefinitions };
  const asked = withSelections(fetch, operation, selectionSetOf([entities]));
  return { ...asked, requires: trimSelectionNodes(requires) };
}

const [entitiesField, representations] = entitiesOperation();

function entitiesOperation(): readonly [FieldNode, VariableDefinitionNode] {
  const text = 'query ($representations: [_Any!]!) { _entities(representations: $representations) }';
  const [operation] = parse(text, { noLocation: true }).definitions;
  const isOperation = operation?.kind === Kind.OPERATION_DEFINITION;
  const [field, variable] = isOperation
    ? [operation.selectionSet.selections[0], operation.variableDefinitions?.[0]]
    : [];
  if (field?.kind !== Kind.FIELD || !variable) throw new Error('It is one field with one variable.');
  return [field, variable];
}
