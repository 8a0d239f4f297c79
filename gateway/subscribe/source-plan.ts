import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  parse,
  parseType,
  print,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';
import { isDataObject, ownValue } from '../execute/own-values.ts';
import type { FetchNode, PlanNode } from '../plan/plan-node.ts';
import type { OperationPlan } from '../plan/plan-operation.ts';
import { fragmentOn, selectionSetOf } from '../plan/selection-nodes.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { codeOf } from './stream-errors.ts';

type Variables = Readonly<Record<string, unknown>>;

/** What a subscription asks of the subgraph that has its events. */
export interface SourcePlan {
  readonly subgraph: string;
  readonly operationName: string | undefined;
  readonly document: string;
  /** The client's variables that it sends. */
  readonly variableNames: readonly string[];
  /** Undefined for a field that cannot be resumed. */
  readonly cursor: SourceCursor | undefined;
}

/** How a source is resumed. */
export interface SourceCursor {
  /** What the field is called in the events. */
  readonly responseName: string;
  /** The client's variable that says where to begin, where it is for nothing else. */
  readonly variable: string | undefined;
  /** Where the client wants to begin: null from now on. Throws CURSOR_INVALID for what is no text. */
  readonly firstOf: (variables: Variables) => string | null;
}

/** The variable by which a source is told where to begin. */
export const afterVariable = 'panoramaAfter';
/** What `to` is called beside what the client selects. */
const toAlias = 'panoramaTo';

const known = new WeakMap<OperationPlan, SourcePlan>();

/**
 * The source of a planned subscription. A field resumes when it has an argument `after` of the type `Cursor`, and its
 * events are objects with `to: Cursor`, or unions of such: then the source is asked for `to`, whatever the client selects,
 * and its `after` is ours to set.
 */
export function sourcePlanOf(supergraph: Supergraph, plan: OperationPlan): SourcePlan | undefined {
  if (plan.node?.kind !== 'Subscription') return undefined;
  let source = known.get(plan);
  if (!source) {
    const { primary, rest } = plan.node;
    source = resumable(supergraph.apiSchema, primary, rest) ?? { ...primary, cursor: undefined };
    known.set(plan, source);
  }
  return source;
}

/** Where the source is after an event; undefined when the event does not say. */
export function cursorAfter({ responseName }: SourceCursor, { data }: SubgraphResponse): string | undefined {
  const value = isDataObject(data) ? ownValue(data, responseName) : undefined;
  const to = isDataObject(value) ? ownValue(value, toAlias) : undefined;
  return typeof to === 'string' ? to : undefined;
}

/** What passes by itself, and is no fault of an event. */
const away: ReadonlySet<unknown> = new Set(['SUBGRAPH_UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** Whether the subgraph has an event that it could not read at this moment: there are its errors in the place of it. */
export function isUnread({ responseName }: SourceCursor, { data, errors }: SubgraphResponse): boolean {
  const value = isDataObject(data) ? ownValue(data, responseName) : undefined;
  return value == null && away.has(codeOf(errors));
}

function resumable(schema: GraphQLSchema, primary: FetchNode, rest: PlanNode | undefined): SourcePlan | undefined {
  const document = parse(primary.document, { noLocation: true });
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  const [node] = operation?.selectionSet.selections ?? [];
  if (node?.kind !== Kind.FIELD) return undefined;
  const field = schema.getSubscriptionType()?.getFields()[node.name.value];
  const after = field?.args.find(({ name, type }) => name === 'after' && getNamedType(type).name === 'Cursor');
  const types = field && after ? typesWithCursor(schema, field) : [];
  if (!after || types.length === 0) return undefined;
  const given = node.arguments?.find(({ name }) => name.value === 'after');
  const named = given?.value.kind === Kind.VARIABLE ? given.value.name.value : undefined;
  const variable = named !== undefined && isUsedOnce(document, named) && !isUsedIn(rest, named) ? named : undefined;
  const isUnused = named !== undefined && isUsedOnce(document, named);
  return {
    subgraph: primary.subgraph,
    operationName: primary.operationName,
    document: writeDocument(document, node, { types, afterType: String(after.type), unused: isUnused ? named : '' }),
    variableNames: primary.variableNames.filter((name) => !isUnused || name !== named),
    cursor: {
      responseName: node.alias?.value ?? node.name.value,
      variable,
      firstOf: firstCursor(given, after.defaultValue),
    },
  };
}

/** The types of a field's events that say where they end. */
function typesWithCursor(schema: GraphQLSchema, { type }: GraphQLField<unknown, unknown>): readonly string[] {
  const named = getNamedType(type);
  const possible = isAbstractType(named) ? schema.getPossibleTypes(named) : isObjectType(named) ? [named] : [];
  return possible.flatMap((one) => {
    const to = one.getFields().to;
    return to && getNamedType(to.type).name === 'Cursor' ? [one.name] : [];
  });
}

function firstCursor(given: ArgumentNode | undefined, defaultValue: unknown): SourceCursor['firstOf'] {
  return (variables) => {
    const value = given ? valueFromASTUntyped(given.value, variables) : defaultValue;
    if (typeof value === 'string') return value;
    // Whoever follows from now on for want of a cursor would miss what they came for.
    if (value != null) throw new PanoramaError('CURSOR_INVALID', 'A cursor is a text. Start again without a cursor.');
    return null;
  };
}

function isUsedOnce(document: DocumentNode, variable: string): boolean {
  let uses = 0;
  visit(document, {
    VariableDefinition: () => false,
    Variable({ name }) {
      if (name.value === variable) uses += 1;
    },
  });
  return uses === 1;
}

function isUsedIn(node: PlanNode | undefined, variable: string): boolean {
  switch (node?.kind) {
    case undefined:
      return false;
    case 'Fetch':
      return node.variableNames.includes(variable);
    case 'Sequence':
    case 'Parallel':
      return node.nodes.some((one) => isUsedIn(one, variable));
    case 'Flatten':
      return isUsedIn(node.node, variable);
    case 'Condition':
      return isUsedIn(node.ifClause, variable) || isUsedIn(node.elseClause, variable);
    case 'Defer':
      return isUsedIn(node.primary, variable) || node.blocks.some((block) => isUsedIn(block.node, variable));
    case 'Subscription':
      return isUsedIn(node.primary, variable) || isUsedIn(node.rest, variable);
  }
}

interface DocumentChange {
  /** The types that are asked where they end. */
  readonly types: readonly string[];
  readonly afterType: string;
  /** The client's variable that the document has no use for any more. */
  readonly unused: string;
}

function writeDocument(document: DocumentNode, field: FieldNode, { types, afterType, unused }: DocumentChange): string {
  const variable = { kind: Kind.VARIABLE, name: nameNode(afterVariable) } as const;
  const after: ArgumentNode = { kind: Kind.ARGUMENT, name: nameNode('after'), value: variable };
  const others = (field.arguments ?? []).filter(({ name }) => name.value !== 'after');
  const to: FieldNode = { kind: Kind.FIELD, alias: nameNode(toAlias), name: nameNode('to') };
  const ends = types.map((type) => fragmentOn(type, [to]));
  const changed: FieldNode = {
    ...field,
    arguments: [...others, after],
    selectionSet: selectionSetOf([...(field.selectionSet?.selections ?? []), ...ends]),
  };
  const withCursor = (operation: OperationDefinitionNode): OperationDefinitionNode => ({
    ...operation,
    variableDefinitions: [
      ...(operation.variableDefinitions ?? []).filter((one) => one.variable.name.value !== unused),
      { kind: Kind.VARIABLE_DEFINITION, variable, type: parseType(afterType) },
    ],
    selectionSet: selectionSetOf([changed]),
  });
  const definitions = document.definitions.map((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? withCursor(one) : one,
  );
  return print({ ...document, definitions });
}

function nameNode(value: string) {
  return { kind: Kind.NAME, value } as const;
}
