import { type DirectiveNode, type FieldNode, Kind, type SelectionNode, type SelectionSetNode } from 'graphql';
import type { AbstractMembers } from '../supergraph/abstract-members.ts';
import type { RequiringField, StepSupergraph } from '../supergraph/step-supergraph.ts';
import { narrowType } from './fetched-fields.ts';
import { PlannerFault } from './planner-fault.ts';
import { fragmentOn, selectionSetOf } from './selection-nodes.ts';

/** What has to be asked for later, of the objects at one place. */
export interface Step {
  /** The place, as paths of plans have it: response names, and `@` for every list. */
  readonly path: readonly string[];
  /** How many steps must come before it, one after another. */
  readonly level: number;
  readonly requiring: RequiringField;
  /** The field, in a fragment with the conditions of those around it. */
  readonly selection: SelectionNode;
  readonly field: FieldNode;
}

/** Selections without the fields that require others, and with what these require. */
export interface Stripped {
  readonly selections: readonly SelectionNode[];
  readonly steps: readonly Step[];
}

/** What tells which fields require others, and where. */
export interface StepSetting extends Pick<StepSupergraph, 'fields' | 'targets'> {
  readonly members: AbstractMembers;
  readonly objectTypes: ReadonlySet<string>;
  /** The labels of the progressive overrides that hold. */
  readonly overrides: ReadonlySet<string>;
}

/** Where selections stand. */
export interface Place {
  readonly typeName: string;
  readonly path: readonly string[];
  /** The conditions of all fields and fragments around: what is asked for only with them is asked for later with them too. */
  readonly conditions: readonly DirectiveNode[];
}

/** Takes the fields that require others out of selections without fragment spreads. */
export function strip(setting: StepSetting, { selections }: SelectionSetNode, place: Place): Stripped {
  const parts = selections.map((selection) => stripSelection(setting, selection, place));
  const kept = parts.flatMap((part) => part.selections);
  return { selections: kept.length > 0 ? kept : [typename], steps: parts.flatMap((part) => part.steps) };
}

const typename: SelectionNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

function stripSelection(setting: StepSetting, selection: SelectionNode, place: Place): Stripped {
  if (selection.kind === Kind.FRAGMENT_SPREAD) throw new PlannerFault('Steps are set for selections without spreads.');
  if (selection.kind === Kind.FIELD) return stripField(setting, selection, place);
  const conditions = [...place.conditions, ...(selection.directives ?? [])];
  const typeName = narrowType(setting.objectTypes, place.typeName, selection.typeCondition?.name.value);
  if (typeName === undefined) return { selections: [], steps: [] };
  const { selections, steps } = strip(setting, selection.selectionSet, { ...place, typeName, conditions });
  return { selections: [fragmentOn(typeName, selections, selection.directives)], steps };
}

function stripField(setting: StepSetting, field: FieldNode, place: Place): Stripped {
  const { fields, members, overrides } = setting;
  const coordinate = `${place.typeName}.${field.name.value}`;
  const requiring = fields.get(coordinate)?.find(({ isOwned }) => isOwned(overrides));
  if (requiring) return setStep(setting, field, place, requiring);
  const types = [...(members.all.get(place.typeName) ?? [])].filter((type) => type !== place.typeName);
  if (types.some((type) => fields.has(`${type}.${field.name.value}`))) {
    const byType = types.map((typeName) => fragmentOn(typeName, [field]));
    return strip(setting, selectionSetOf(byType), place);
  }
  const target = setting.targets.get(coordinate);
  if (!field.selectionSet || !target) return { selections: [field], steps: [] };
  const { selections, steps } = strip(setting, field.selectionSet, placeBelow(setting, field, place));
  return { selections: [{ ...field, selectionSet: selectionSetOf(selections) }], steps };
}

/** The place of the objects that a field leads to. */
export function placeBelow({ targets }: StepSetting, field: FieldNode, { typeName, path, conditions }: Place): Place {
  const target = targets.get(`${typeName}.${field.name.value}`);
  if (!target) throw new PlannerFault(`It is not known where ${typeName}.${field.name.value} leads.`);
  const name = (field.alias ?? field.name).value;
  const lists = Array.from({ length: target.listDepth }, () => '@');
  return {
    typeName: target.typeName,
    path: [...path, name, ...lists],
    conditions: [...conditions, ...(field.directives ?? [])],
  };
}

function setStep(setting: StepSetting, field: FieldNode, place: Place, requiring: RequiringField): Stripped {
  const conditions = field.directives ?? [];
  const needed = strip(setting, requiring.needs, { ...place, conditions: [...place.conditions, ...conditions] });
  const level = 1 + Math.max(-1, ...needed.steps.map((step) => step.level));
  const selection = place.conditions.reduceRight<SelectionNode>(
    (inner, condition) => fragmentOn(undefined, [inner], [condition]),
    field,
  );
  return {
    selections: conditions.length > 0 ? [fragmentOn(undefined, needed.selections, conditions)] : needed.selections,
    steps: [...needed.steps, { path: place.path, level, requiring, selection, field }],
  };
}
