import {
  type DefinitionNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import type { OperationLimits } from '../../kernel/config/operation-limits.ts';
import type { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { limitExceeded } from './limit-exceeded.ts';

/** What is counted of a selection set, its fragments in the place of their spreads. */
interface Measures {
  depth: number;
  aliases: number;
  /** Fields of the selection set itself, without those within them. */
  rootFields: number;
  directives: number;
  repeatedFields: number;
  selections: number;
}

/** Throws the `OPERATION_LIMIT_EXCEEDED` that refuses a document. */
export type DocumentLimiter = (document: DocumentNode) => void;

/**
 * Makes the gate that looks at a parsed document before it is validated, once for each document. One walk: a fragment is
 * measured once, however often it is spread, and a fragment that contains itself is left to validation.
 */
export function createDocumentLimiter(limits: OperationLimits): DocumentLimiter {
  const verdicts = new WeakMap<DocumentNode, PanoramaError | 'fits'>();
  return (document) => {
    const verdict = verdicts.get(document) ?? judge(document, limits);
    verdicts.set(document, verdict);
    if (verdict !== 'fits') throw verdict;
  };
}

/** What can be said of a fragment without knowing where it is spread. */
const measuredAlone = ['aliases', 'directives', 'repeatedFields', 'selections'] as const;

/** In the order in which they are named when several are exceeded. */
const measured = ['depth', 'rootFields', ...measuredAlone] as const;

function judge(document: DocumentNode, limits: OperationLimits): PanoramaError | 'fits' {
  const walk: Walk = { limits, fragments: new Map(), known: new Map() };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) walk.fragments.set(definition.name.value, definition);
  }
  for (const definition of document.definitions) {
    const exceeded = exceededBy(definition, walk);
    if (exceeded !== undefined) return limitExceeded(limits, exceeded);
  }
  return 'fits';
}

interface Walk {
  readonly limits: OperationLimits;
  readonly fragments: Map<string, FragmentDefinitionNode>;
  /** `open` while a fragment is being measured: what spreads it then is part of itself. */
  readonly known: Map<string, Measures | 'open'>;
}

/** The first limit that a definition exceeds. A fragment that no operation spreads is judged too: validation reads it. */
function exceededBy(definition: DefinitionNode, walk: Walk): keyof OperationLimits | undefined {
  const { limits } = walk;
  if (definition.kind === Kind.FRAGMENT_DEFINITION) {
    const measures = measureFragment(definition.name.value, walk, 0);
    return measuredAlone.find((name) => measures[name] > limits[name]);
  }
  if (definition.kind !== Kind.OPERATION_DEFINITION) return undefined;
  const { name, variableDefinitions = [], directives = [], selectionSet } = definition;
  if ((name?.value.length ?? 0) > limits.operationNameCharacters) return 'operationNameCharacters';
  if (variableDefinitions.length > limits.variables) return 'variables';
  const measures = measureSet(selectionSet, walk, 0);
  measures.directives += directives.length;
  for (const variable of variableDefinitions) measures.directives += variable.directives?.length ?? 0;
  return measured.find((one) => measures[one] > limits[one]);
}

const nothing: Readonly<Measures> = {
  depth: 0,
  aliases: 0,
  rootFields: 0,
  directives: 0,
  repeatedFields: 0,
  selections: 0,
};

/** @param level How deep the walk is, fragments included. */
function measureFragment(name: string, walk: Walk, level: number): Readonly<Measures> {
  const known = walk.known.get(name);
  if (known !== undefined) return known === 'open' ? nothing : known;
  const fragment = walk.fragments.get(name);
  if (!fragment) return nothing;
  walk.known.set(name, 'open');
  const measures = measureSet(fragment.selectionSet, walk, level);
  measures.directives += fragment.directives?.length ?? 0;
  walk.known.set(name, measures);
  return measures;
}

function measureSet(selectionSet: SelectionSetNode, walk: Walk, level: number): Measures {
  if (level > walk.limits.nesting) throw limitExceeded(walk.limits, 'nesting');
  const sum = { ...nothing };
  const repetitions = new Map<string, number>();
  measureInto(sum, repetitions, selectionSet, walk, level);
  for (const count of repetitions.values()) sum.repeatedFields = Math.max(sum.repeatedFields, count);
  return sum;
}

function measureInto(
  sum: Measures,
  repetitions: Map<string, number>,
  { selections }: SelectionSetNode,
  walk: Walk,
  level: number,
): void {
  if (level > walk.limits.nesting) throw limitExceeded(walk.limits, 'nesting');
  for (const selection of selections) {
    sum.directives += selection.directives?.length ?? 0;
    const key = keyOf(selection);
    if (key !== undefined) repetitions.set(key, (repetitions.get(key) ?? 0) + 1);
    if (selection.kind === Kind.FIELD) addField(sum, selection, walk, level);
    else if (selection.kind === Kind.FRAGMENT_SPREAD) add(sum, measureFragment(selection.name.value, walk, level + 1));
    // The fields of an inline fragment stand in the same selection set.
    else measureInto(sum, repetitions, selection.selectionSet, walk, level + 1);
  }
}

/** A field by its response key, a spread by the name of its fragment. */
function keyOf(selection: SelectionNode): string | undefined {
  if (selection.kind === Kind.INLINE_FRAGMENT) return undefined;
  if (selection.kind === Kind.FRAGMENT_SPREAD) return `...${selection.name.value}`;
  return selection.alias?.value ?? selection.name.value;
}

/** What clients ask to read a whole schema is 15 deep. */
const introspectionDepth = 16;

function addField(sum: Measures, { name, alias, selectionSet }: FieldNode, walk: Walk, level: number): void {
  const within = selectionSet ? measureSet(selectionSet, walk, level + 1) : nothing;
  const readsSchema = name.value === '__schema' || name.value === '__type';
  const depth = readsSchema && within.depth < introspectionDepth ? 1 : within.depth + 1;
  add(sum, {
    ...within,
    rootFields: 1,
    depth,
    aliases: within.aliases + (alias ? 1 : 0),
    selections: within.selections + 1,
  });
}

function add(sum: Measures, part: Readonly<Measures>): void {
  sum.depth = Math.max(sum.depth, part.depth);
  sum.repeatedFields = Math.max(sum.repeatedFields, part.repeatedFields);
  sum.aliases += part.aliases;
  sum.rootFields += part.rootFields;
  sum.directives += part.directives;
  sum.selections += part.selections;
}
