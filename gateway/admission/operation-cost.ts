import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  getOperationAST,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import type { Supergraph } from '../supergraph/supergraph.ts';

type Variables = Readonly<Record<string, unknown>>;

/** A number that can depend on the variables. */
type Figure = number | ((variables: Variables) => number);

/** The cost of an operation of a valid document; `variables` are coerced ones. */
export type OperationPricer = (
  supergraph: Supergraph,
  document: DocumentNode,
  operationName: string | undefined,
  variables: Variables,
) => number;

/** How many items a page has when nothing says it: as the lists of our apps. */
const usualPageSize = 20;

/** How many items a list has that knows no page size. */
const usualListSize = 10;

const sizeArguments: ReadonlySet<string> = new Set(['first', 'last', 'limit']);

/**
 * Makes the pricer. The cost is the number of objects that the answer could hold: each field of an object type is one
 * for every object that it hangs on, a list has the items that `first`, `last` or `limit` say, and a connection's size is
 * that of the lists in it. A field at the root costs at least one. Reading the schema costs nothing: it is in memory.
 *
 * A document is priced once per supergraph, but for what depends on variables.
 */
export function createOperationPricer(): OperationPricer {
  const known = new WeakMap<DocumentNode, { supergraphId: string; figures: Map<string, Figure> }>();
  return (supergraph, document, operationName, variables) => {
    let prices = known.get(document);
    if (prices?.supergraphId !== supergraph.id) {
      prices = { supergraphId: supergraph.id, figures: new Map() };
      known.set(document, prices);
    }
    let figure = prices.figures.get(operationName ?? '');
    if (figure === undefined) {
      figure = priceOperation(supergraph.apiSchema, document, operationName);
      prices.figures.set(operationName ?? '', figure);
    }
    return Math.max(1, typeof figure === 'number' ? figure : figure(variables));
  };
}

interface Pricing {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

function priceOperation(schema: GraphQLSchema, document: DocumentNode, operationName: string | undefined): Figure {
  const operation = getOperationAST(document, operationName);
  const rootType = operation && schema.getRootType(operation.operation);
  if (!rootType) return 0;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const one of document.definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one);
  return priceSet({ schema, fragments }, operation.selectionSet, {
    type: rootType,
    leafCost: 1,
    listSize: usualListSize,
  });
}

/** Where a selection set stands. */
interface Place {
  readonly type: GraphQLCompositeType;
  readonly leafCost: 0 | 1;
  /** The size of the lists in it that have no size of their own. */
  readonly listSize: Figure;
}

/** Fragments are followed at every spread: the limit of expanded selections holds before. */
function priceSet(pricing: Pricing, { selections }: SelectionSetNode, place: Place): Figure {
  const { schema, fragments } = pricing;
  const parts = selections.map((selection): Figure => {
    if (selection.kind === Kind.FIELD) return priceField(pricing, selection, place);
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments.get(selection.name.value);
    if (!fragment) return 0;
    const type = fragment.typeCondition ? schema.getType(fragment.typeCondition.name.value) : place.type;
    return isCompositeType(type) ? priceSet(pricing, fragment.selectionSet, { ...place, type }) : 0;
  });
  return sumOf(parts);
}

function priceField(pricing: Pricing, node: FieldNode, { type, leafCost, listSize }: Place): Figure {
  const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[node.name.value] : undefined;
  if (!field) return 0;
  const named = getNamedType(field.type);
  if (!node.selectionSet || !isCompositeType(named)) return leafCost;
  const size = pageSizeOf(field, node.arguments ?? []);
  const isList = isListType(getNullableType(field.type));
  const place: Place = { type: named, leafCost: 0, listSize: (isList ? undefined : size) ?? usualListSize };
  const one = sumOf([1, priceSet(pricing, node.selectionSet, place)]);
  return isList ? product(size ?? listSize, one) : one;
}

/** The size that a field's arguments give its list; undefined when it has no argument for that. */
function pageSizeOf({ args }: GraphQLField<unknown, unknown>, given: readonly ArgumentNode[]): Figure | undefined {
  const sizes = args.filter(({ name }) => sizeArguments.has(name));
  if (sizes.length === 0) return undefined;
  const usual = Math.max(...sizes.map(({ defaultValue }) => (typeof defaultValue === 'number' ? defaultValue : 0)));
  const figures = given
    .filter(({ name }) => sizeArguments.has(name.value))
    .map(({ value }): Figure => {
      if (value.kind === Kind.INT) return Number(value.value);
      if (value.kind !== Kind.VARIABLE) return 0;
      const name = value.name.value;
      return (variables) => (typeof variables[name] === 'number' ? variables[name] : 0);
    });
  return largestOf(figures, usual || usualPageSize);
}

/** The largest of the figures, or `otherwise` where none is given. */
function largestOf(figures: readonly Figure[], otherwise: number): Figure {
  const largest = (variables: Variables) =>
    Math.max(0, ...figures.map((one) => (typeof one === 'number' ? one : one(variables)))) || otherwise;
  return figures.every((one) => typeof one === 'number') ? largest({}) : largest;
}

function sumOf(figures: readonly Figure[]): Figure {
  const constant = figures.reduce<number>((sum, one) => (typeof one === 'number' ? sum + one : sum), 0);
  const changing = figures.filter((one) => typeof one !== 'number');
  if (changing.length === 0) return constant;
  return (variables) => changing.reduce((sum, one) => sum + one(variables), constant);
}

function product(left: Figure, right: Figure): Figure {
  if (typeof left === 'number' && typeof right === 'number') return left * right;
  const figured = (one: Figure, variables: Variables) => (typeof one === 'number' ? one : one(variables));
  return (variables) => figured(left, variables) * figured(right, variables);
}
