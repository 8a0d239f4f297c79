import { type ConstDirectiveNode, type ConstValueNode, type DocumentNode, Kind } from 'graphql';
import type { Need } from '../../kernel/permissions/need.ts';
import { namesOfDirective } from './linked-directives.ts';

/** Something that a supergraph asks of the principals of operations. One object for equal ones. */
export interface SchemaNeed {
  /** Its number among the needs of its supergraph. */
  readonly number: number;
  /** Undefined for what nothing here can decide, such as a `@policy`: nobody meets it. */
  readonly need: Need | undefined;
}

/** What a directive of a definition asks for, if it asks for anything. */
export type ReadNeed = (directive: ConstDirectiveNode) => SchemaNeed | undefined;

/**
 * Makes a reader of `@authenticated`, `@requiresScopes` and `@policy`, under whatever names a supergraph imports them
 * (https://specs.apollo.dev/authenticated/v0.1, requiresScopes/v0.1, policy/v0.1).
 */
export function createNeedReader(document: DocumentNode): ReadNeed {
  const known = new Map<string, SchemaNeed>();
  const readers = [
    { names: namesOfDirective(document, 'authenticated'), read: (): Need => ({ anyOf: [] }) },
    { names: namesOfDirective(document, 'requiresScopes'), read: readScopes },
    { names: namesOfDirective(document, 'policy'), read: readPolicies },
  ];
  return (directive) => {
    const reader = readers.find(({ names }) => names.has(directive.name.value));
    const need = reader?.read(directive);
    if (!reader || need === 'none') return undefined;
    const key = JSON.stringify(need ?? null);
    const schemaNeed = known.get(key) ?? Object.freeze({ number: known.size, need });
    known.set(key, schemaNeed);
    return schemaNeed;
  };
}

/** Scopes without any alternative cannot be had. */
function readScopes(directive: ConstDirectiveNode): Need | undefined {
  const anyOf = listsOf(directive, 'scopes');
  return anyOf && anyOf.length > 0 ? { anyOf } : undefined;
}

/** Nothing here decides policies, so only one that says nothing is met. */
function readPolicies(directive: ConstDirectiveNode): 'none' | undefined {
  return listsOf(directive, 'policies')?.flat().length === 0 ? 'none' : undefined;
}

/** A list of lists of texts, with the list coercion of GraphQL; undefined when the argument is none. */
function listsOf(directive: ConstDirectiveNode, argument: string): readonly (readonly string[])[] | undefined {
  const value = directive.arguments?.find(({ name }) => name.value === argument)?.value;
  if (!value) return undefined;
  const lists = itemsOf(value).map((list) =>
    itemsOf(list).flatMap((item) => (item.kind === Kind.STRING ? [item] : [])),
  );
  const isAllText = itemsOf(value).every((list, index) => itemsOf(list).length === lists[index]?.length);
  return isAllText ? lists.map((list) => list.map((item) => item.value)) : undefined;
}

function itemsOf(value: ConstValueNode): readonly ConstValueNode[] {
  return value.kind === Kind.LIST ? value.values : [value];
}
