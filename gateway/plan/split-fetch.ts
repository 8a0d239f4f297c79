import type * as apollo from '@apollo/query-planner';
import { type FieldNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import type { Requirements } from '../supergraph/requirements.ts';
import type { StandInRequirement, StandIns } from '../supergraph/stand-ins.ts';
import { fetchedFields, fetchedSelectionsOf, withSelections } from './fetched-fields.ts';

/** The stand-ins that one fetch sends, by the place of the field they stand for. */
type SentStandIns = Map<string, ReadonlySet<string>>;

/**
 * Splits an entity fetch whose fields require different arguments of the same field: a representation has room for one
 * value of it. A fetch without such a conflict stays as it is.
 */
export function splitFetch(
  standIns: StandIns,
  { objectTypes }: Requirements,
  fetch: apollo.FetchNode,
): readonly apollo.FetchNode[] {
  const fetched = fetch.requires && fetchedSelectionsOf(fetch);
  if (!fetched?.entities) return [fetch];
  const { operation, entities, selectionSet } = fetched;
  const parts: SentStandIns[] = [];
  const partOf = new Map<FieldNode, number>();
  for (const { node, typeName } of fetchedFields(fetched, objectTypes)) {
    const name = standIns.fields.get(node.name.value)?.name ?? node.name.value;
    const requirement = standIns.requirements.get(`${fetch.serviceName} ${typeName}.${name}`);
    partOf.set(node, requirement ? addToPart(parts, requirement) : 0);
  }
  if (parts.length < 2) return [fetch];
  return parts.map((sent, index) => {
    const isOfPart = (node: FieldNode) => partOf.get(node) === index;
    const part = { ...entities, selectionSet: fieldsOfPart(selectionSet, isOfPart) };
    const requires = requiresOfPart(standIns, fetch.requires ?? [], sent, []);
    return withSelections({ ...fetch, requires }, operation, { kind: Kind.SELECTION_SET, selections: [part] });
  });
}

/** The first part that a requirement does not conflict with, which from then on sends its stand-ins. */
function addToPart(parts: SentStandIns[], requirement: StandInRequirement): number {
  const fitting = parts.findIndex((sent) =>
    [...requirement].every(([place, names]) => isSame(sent.get(place) ?? names, names)),
  );
  const index = fitting === -1 ? parts.length : fitting;
  parts[index] = new Map([...(parts[index] ?? []), ...requirement]);
  return index;
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((name) => other.has(name));
}

function fieldsOfPart(selectionSet: SelectionSetNode, isOfPart: (node: FieldNode) => boolean): SelectionSetNode {
  const selections = selectionSet.selections.flatMap((selection): readonly SelectionNode[] => {
    if (selection.kind === Kind.FIELD) return isOfPart(selection) ? [selection] : [];
    if (selection.kind === Kind.FRAGMENT_SPREAD) return [];
    const nested = fieldsOfPart(selection.selectionSet, isOfPart);
    return nested.selections.length > 0 ? [{ ...selection, selectionSet: nested }] : [];
  });
  return { ...selectionSet, selections };
}

/** What a part sends: all that is required but the stand-ins of other parts. */
function requiresOfPart(
  standIns: StandIns,
  selections: readonly apollo.QueryPlanSelectionNode[],
  sent: SentStandIns,
  path: readonly string[],
): apollo.QueryPlanSelectionNode[] {
  return selections.flatMap((selection): apollo.QueryPlanSelectionNode[] => {
    const standIn = selection.kind === 'Field' ? standIns.fields.get(selection.name) : undefined;
    const below = selection.kind === 'Field' ? [...path, standIn?.name ?? selection.name] : path;
    if (standIn && selection.kind === 'Field' && !sent.get(below.join('.'))?.has(selection.name)) return [];
    if (!selection.selections) return [selection];
    const nested = requiresOfPart(standIns, selection.selections, sent, below);
    return nested.length > 0 ? [{ ...selection, selections: nested }] : [];
  });
}
