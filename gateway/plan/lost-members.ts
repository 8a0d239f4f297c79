import type * as apollo from '@apollo/query-planner';
import { type FieldNode, Kind, type SelectionSetNode } from 'graphql';
import type { AbstractMembers } from '../supergraph/abstract-members.ts';
import type { Requirements } from '../supergraph/requirements.ts';
import { fetchedSelectionsOf } from './fetched-fields.ts';
import { mapFetches, type PlannedNode } from './map-fetches.ts';
import type { AbstractShape, CollectedField, ObjectShape, OutputShape } from './output-shape.ts';

/** What of a supergraph tells which objects a subgraph can answer with. */
export interface MemberKnowledge {
  readonly members: AbstractMembers;
  readonly requirements: Requirements;
}

/** What a fetch selects of the objects at one place of the response. */
interface Cover {
  readonly subgraph: string;
  /** The objects' type, as far as the place tells. */
  readonly typeName: string;
  readonly selectionSet: SelectionSetNode;
}

interface Search extends MemberKnowledge {
  /** What entity fetches select, by their places. */
  readonly entityCovers: ReadonlyMap<string, readonly Cover[]>;
  readonly canLose: Map<OutputShape, boolean>;
}

/**
 * Tells whether a plan does not fetch what is asked of some member of a union or an interface, though a subgraph that it
 * asks for objects of that type has this member.
 */
export function losesMembers(
  { members, requirements }: MemberKnowledge,
  shape: ObjectShape,
  plan: PlannedNode,
): boolean {
  const canLose = new Map<OutputShape, boolean>();
  if (members.partial.size === 0 || !hasPartial(members, shape, canLose)) return false;
  const roots: Cover[] = [];
  const entityCovers = new Map<string, Cover[]>();
  mapFetches(plan, (fetch, nodeOf) => {
    const node = nodeOf(fetch);
    const cover = coverOf(fetch, shape.typeName);
    const place = node.kind === 'Flatten' ? node.path.join('.') : '';
    if (cover && fetch.requires) entityCovers.set(place, [...(entityCovers.get(place) ?? []), cover]);
    else if (cover) roots.push(cover);
    return node;
  });
  return isLostIn({ members, requirements, entityCovers, canLose }, shape, roots, []);
}

function coverOf(fetch: apollo.FetchNode, rootType: string): Cover | undefined {
  const selectionSet = fetchedSelectionsOf(fetch)?.selectionSet;
  return selectionSet && { subgraph: fetch.serviceName, typeName: fetch.requires ? '' : rootType, selectionSet };
}

/** Tells whether there is a type of which members can be lost at a place or below it. */
function hasPartial(members: AbstractMembers, shape: OutputShape, known: Map<OutputShape, boolean>): boolean {
  const answer = known.get(shape);
  if (answer !== undefined) return answer;
  known.set(shape, false);
  const below = (fields: readonly CollectedField[]) =>
    fields.some((field) => field.kind === 'Data' && hasPartial(members, field.shape, known));
  const found =
    shape.kind === 'NonNull' || shape.kind === 'List'
      ? hasPartial(members, shape.of, known)
      : shape.kind === 'Object'
        ? below(shape.fields)
        : shape.kind === 'Abstract' &&
          (members.partial.has(shape.typeName) || [...shape.shapes.values()].some(({ fields }) => below(fields)));
  known.set(shape, found);
  return found;
}

/** @param covers What the fetches that bring these objects select of them. */
function isLostIn(search: Search, shape: OutputShape, covers: readonly Cover[], path: readonly string[]): boolean {
  if (!search.canLose.get(shape)) return false;
  if (shape.kind === 'NonNull') return isLostIn(search, shape.of, covers, path);
  if (shape.kind === 'List') return isLostIn(search, shape.of, covers, [...path, '@']);
  const allCovers = [...covers, ...(search.entityCovers.get(path.join('.')) ?? [])];
  if (shape.kind === 'Object') return areFieldsLost(search, shape.typeName, shape.fields, allCovers, path);
  return shape.kind === 'Abstract' && areMembersLost(search, shape, covers, allCovers, path);
}

function areMembersLost(
  search: Search,
  { shapes, typeName }: AbstractShape,
  covers: readonly Cover[],
  allCovers: readonly Cover[],
  path: readonly string[],
): boolean {
  return [...shapes].some(([member, { objectTypeName, fields }]) => {
    if (objectTypeName === undefined || !covers.some((cover) => canBe(search, cover, member))) return false;
    const isMissing =
      search.members.partial.has(typeName) && fields.some((field) => isUnfetched(search, member, field, allCovers));
    return isMissing || areFieldsLost(search, member, fields, allCovers, path);
  });
}

function canBe({ members }: Search, { subgraph, typeName }: Cover, member: string): boolean {
  return members.bySubgraph.get(`${subgraph} ${typeName}`)?.has(member) ?? true;
}

function isUnfetched(search: Search, typeName: string, field: CollectedField, covers: readonly Cover[]): boolean {
  return (
    field.kind === 'Data' && covers.every((cover) => placesOf(search, typeName, field.sourceName, cover).length === 0)
  );
}

function areFieldsLost(
  search: Search,
  typeName: string,
  fields: readonly CollectedField[],
  covers: readonly Cover[],
  path: readonly string[],
): boolean {
  return fields.some((field) => {
    if (field.kind !== 'Data' || !hasPartial(search.members, field.shape, search.canLose)) return false;
    const below = covers.flatMap((cover) =>
      placesOf(search, typeName, field.sourceName, cover).flatMap((place) => coverBelow(search, place)),
    );
    return isLostIn(search, field.shape, below, [...path, field.sourceName]);
  });
}

/** A field that a fetch selects, and of which type. */
interface SelectedField {
  readonly subgraph: string;
  readonly typeName: string;
  readonly node: FieldNode;
}

/** Where a cover selects a field for objects of a type. */
function placesOf(search: Search, objectType: string, sourceName: string, cover: Cover): readonly SelectedField[] {
  const { subgraph, typeName, selectionSet } = cover;
  return selectionSet.selections.flatMap((selection): readonly SelectedField[] => {
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    if (selection.kind === Kind.FIELD) {
      return nameInAnswer(selection) === sourceName ? [{ subgraph, typeName, node: selection }] : [];
    }
    const condition = selection.typeCondition?.name.value ?? typeName;
    if (!applies(search, subgraph, condition, objectType)) return [];
    return placesOf(search, objectType, sourceName, {
      subgraph,
      typeName: condition,
      selectionSet: selection.selectionSet,
    });
  });
}

/** The planner numbers fields that cannot merge in a fetch, and renames them in the answer. */
function nameInAnswer({ alias, name }: FieldNode): string {
  return (alias ?? name).value.replace(/__alias_\d+$/, '');
}

function applies({ members }: Search, subgraph: string, condition: string, objectType: string): boolean {
  const known = members.bySubgraph.get(`${subgraph} ${condition}`) ?? members.all.get(condition);
  return condition === objectType || condition === '' || (known?.has(objectType) ?? true);
}

function coverBelow(search: Search, { subgraph, typeName, node }: SelectedField): readonly Cover[] {
  const { selectionSet, name } = node;
  return selectionSet
    ? [{ subgraph, typeName: fieldTypeIn(search, subgraph, typeName, name.value), selectionSet }]
    : [];
}

/** The type that a field leads to in a subgraph. */
export function fieldTypeIn(
  { members, requirements }: MemberKnowledge,
  subgraph: string,
  typeName: string,
  name: string,
): string {
  const coordinate = `${typeName}.${name}`;
  return members.fieldTypes.get(`${subgraph} ${coordinate}`) ?? requirements.fieldTypes.get(coordinate) ?? '';
}
