import {
  BREAK,
  type DirectiveNode,
  type DocumentNode,
  getOperationAST,
  Kind,
  OperationTypeNode,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { type Fragments, fragmentsOf } from './inline-fragments.ts';

/** A document whose `@defer`s are told apart by numbers, which are labels in it. */
export interface NumberedDefers {
  readonly document: DocumentNode;
  /** The client's labels by number; empty when the answer is one. */
  readonly labels: readonly (string | undefined)[];
}

/**
 * The planner makes a plan for each combination of the variables that decide about `@defer`, so not more than this many
 * do. Nor are there more parts than this. What goes beyond is not deferred: `@defer` is a wish.
 */
const maxVariables = 3;
const maxParts = 64;

/**
 * Gives every `@defer` of an operation that stands at a place of its own a number of its own: clients need no labels, and
 * a fragment may be spread at several places. The operation is left with inline fragments only.
 *
 * @param isInParts Whether the client takes an answer in parts. Otherwise, and for subscriptions, whose events are
 * answered whole, the document is as if `@defer` were not there.
 */
export function numberDefers(
  document: DocumentNode,
  operationName: string | undefined,
  isInParts: boolean,
): NumberedDefers {
  if (!usesDefer(document)) return { document, labels: [] };
  const operation = getOperationAST(document, operationName);
  if (!isInParts || !operation || operation.operation === OperationTypeNode.SUBSCRIPTION) {
    return { document: withoutDefer(document), labels: [] };
  }
  const fragments = fragmentsOf(document);
  const numbering: Numbering = { fragments, numbers: new Map(), labels: [], variables: new Set() };
  const selectionSet = numberIn(numbering, operation.selectionSet, '');
  return { document: { ...document, definitions: [{ ...operation, selectionSet }] }, labels: numbering.labels };
}

const known = new WeakMap<DocumentNode, boolean>();

/** Tells whether `@defer` stands anywhere in a document. */
export function usesDefer(document: DocumentNode): boolean {
  const answer = known.get(document) ?? findDefer(document);
  known.set(document, answer);
  return answer;
}

function findDefer(document: DocumentNode): boolean {
  let isUsed = false;
  visit(document, {
    Directive(node) {
      if (!isDefer(node)) return undefined;
      isUsed = true;
      return BREAK;
    },
  });
  return isUsed;
}

function withoutDefer(document: DocumentNode): DocumentNode {
  return visit(document, { Directive: (node) => (isDefer(node) ? null : undefined) });
}

function isDefer({ name }: DirectiveNode): boolean {
  return name.value === 'defer';
}

interface Numbering {
  readonly fragments: Fragments;
  /** By the directive as the client wrote it, and its place. */
  readonly numbers: Map<DirectiveNode, Map<string, number>>;
  readonly labels: (string | undefined)[];
  /** The variables that decide. */
  readonly variables: Set<string>;
}

/** @param place The response names, types and deferred fragments on the way: a fragment spread twice is one part. */
function numberIn(numbering: Numbering, { selections }: SelectionSetNode, place: string): SelectionSetNode {
  const numbered = selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) {
      if (!selection.selectionSet) return [selection];
      const below = `${place}.${selection.alias?.value ?? selection.name.value}`;
      return [{ ...selection, selectionSet: numberIn(numbering, selection.selectionSet, below) }];
    }
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
    const fragment = isSpread ? numbering.fragments.get(selection.name.value) : selection;
    if (!fragment) return [];
    const { typeCondition } = fragment;
    const here = typeCondition ? `${place}:${typeCondition.name.value}` : place;
    const defer = selection.directives?.find(isDefer);
    const number = defer && numberOf(numbering, defer, here);
    const directives = selection.directives?.filter((directive) => !isDefer(directive)) ?? [];
    const below = number === undefined ? here : `${here}#${number}`;
    const selectionSet = numberIn(numbering, fragment.selectionSet, below);
    const own = defer && number !== undefined ? [withNumber(defer, number)] : [];
    const inline = { kind: Kind.INLINE_FRAGMENT as const, directives: [...directives, ...own], selectionSet };
    return [typeCondition ? { ...inline, typeCondition } : inline];
  });
  return { kind: Kind.SELECTION_SET, selections: numbered };
}

/** Undefined when the fragment is not deferred. */
function numberOf({ numbers, labels, variables }: Numbering, defer: DirectiveNode, place: string): number | undefined {
  const condition = argumentOf(defer, 'if');
  if (condition?.kind === Kind.BOOLEAN && !condition.value) return undefined;
  if (condition?.kind === Kind.VARIABLE && !variables.has(condition.name.value)) {
    if (variables.size >= maxVariables) return undefined;
    variables.add(condition.name.value);
  }
  const byPlace = numbers.get(defer) ?? new Map<string, number>();
  const known = byPlace.get(place);
  if (known !== undefined || labels.length >= maxParts) return known;
  const label = argumentOf(defer, 'label');
  const number = labels.push(label?.kind === Kind.STRING ? label.value : undefined) - 1;
  numbers.set(defer, byPlace.set(place, number));
  return number;
}

function argumentOf(directive: DirectiveNode, argument: string) {
  return directive.arguments?.find(({ name }) => name.value === argument)?.value;
}

function withNumber(defer: DirectiveNode, number: number): DirectiveNode {
  const condition = defer.arguments?.filter(({ name, value }) => name.value === 'if' && value.kind === Kind.VARIABLE);
  const value = { kind: Kind.STRING as const, value: String(number) };
  const label = { kind: Kind.ARGUMENT as const, name: { kind: Kind.NAME as const, value: 'label' }, value };
  return { ...defer, arguments: [...(condition ?? []), label] };
}

/** A `@defer` that was numbered. */
export interface NumberedDefer {
  readonly number: number;
  /** The variable that decides whether the fragment is deferred; without one it is. */
  readonly variable: string | undefined;
}

/** The `@defer` of a selection of a numbered document. */
export function deferOf({ directives }: SelectionNode): NumberedDefer | undefined {
  const defer = directives?.find(isDefer);
  const label = defer && argumentOf(defer, 'label');
  if (!defer || label?.kind !== Kind.STRING) return undefined;
  const condition = argumentOf(defer, 'if');
  return {
    number: Number(label.value),
    variable: condition?.kind === Kind.VARIABLE ? condition.name.value : undefined,
  };
}
