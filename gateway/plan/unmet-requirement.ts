import type * as apollo from '@apollo/query-planner';
import { Kind, type SelectionSetNode } from 'graphql';
import type { FieldPaths, Requirements } from '../supergraph/requirements.ts';
import { requiredPaths } from './arrange-requires.ts';
import { fetchedSelectionsOf, narrowType } from './fetched-fields.ts';
import { fetchesOf, type PlannedNode } from './map-fetches.ts';

/**
 * Tells whether a plan asks a subgraph for a field without sending what the field requires: the planner does that now
 * and then to fields that require a field that requires another.
 */
export function hasUnmetRequirement(requirements: Requirements, plan: PlannedNode): boolean {
  return fetchesOf(plan).some((fetch) => isFetchUnmet(requirements, fetch));
}

function isFetchUnmet(requirements: Requirements, fetch: apollo.FetchNode): boolean {
  const fetched = fetchedSelectionsOf(fetch);
  if (!fetched) return false;
  const { operation, entities, selectionSet } = fetched;
  const sent = requiredPaths(fetch.requires ?? []);
  const object: AskedObject = { typeName: entities ? '' : rootTypes[operation.operation], sent, provided: nothing };
  return isUnmet({ requirements, subgraph: fetch.serviceName }, selectionSet, object);
}

const nothing: FieldPaths = new Set();

/** The names of root types in a supergraph. */
const rootTypes = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

interface Walk {
  readonly requirements: Requirements;
  readonly subgraph: string;
}

/** An object that fields are asked of. */
interface AskedObject {
  readonly typeName: string;
  /** What of it was sent to the subgraph. */
  readonly sent: FieldPaths;
  /** What of it the subgraph knows on this path, though it is external. */
  readonly provided: FieldPaths;
}

function isUnmet(walk: Walk, { selections }: SelectionSetNode, object: AskedObject): boolean {
  return selections.some((selection) => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return false;
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      const condition = selection.typeCondition?.name.value;
      const typeName = narrowType(walk.requirements.objectTypes, object.typeName, condition);
      return typeName !== undefined && isUnmet(walk, selection.selectionSet, { ...object, typeName });
    }
    const name = selection.name.value;
    if (isUnknown(walk, object, name) || lacksRequired(walk, object, name)) return true;
    return selection.selectionSet ? isUnmet(walk, selection.selectionSet, objectBelow(walk, object, name)) : false;
  });
}

function objectBelow({ requirements, subgraph }: Walk, { typeName, provided }: AskedObject, name: string): AskedObject {
  const coordinate = `${typeName}.${name}`;
  const here = requirements.provided.get(`${subgraph} ${coordinate}`) ?? nothing;
  const above = [...provided].filter((path) => path.startsWith(`${name}.`)).map((path) => path.slice(name.length + 1));
  return {
    typeName: requirements.fieldTypes.get(coordinate) ?? '',
    sent: nothing,
    provided: new Set([...here, ...above]),
  };
}

/** Tells whether a field is external to the subgraph, no part of its keys, and not provided on the path either. */
function isUnknown({ requirements, subgraph }: Walk, { typeName, provided }: AskedObject, name: string): boolean {
  if (!requirements.externals.has(`${subgraph} ${typeName}.${name}`)) return false;
  const known = [provided, ...(requirements.keys.get(`${subgraph} ${typeName}`) ?? [])];
  return !known.some((paths) => [...paths].some((path) => firstOf(path) === name));
}

function lacksRequired({ requirements, subgraph }: Walk, object: AskedObject, name: string): boolean {
  const { typeName, sent, provided } = object;
  const required = requirements.fields.get(`${subgraph} ${typeName}.${name}`) ?? nothing;
  return [...required].some((path) => {
    const isExternal = requirements.externals.has(`${subgraph} ${typeName}.${firstOf(path)}`);
    return isExternal && !sent.has(path) && !provided.has(path);
  });
}

function firstOf(path: string): string {
  return path.split('.', 1)[0] ?? path;
}
