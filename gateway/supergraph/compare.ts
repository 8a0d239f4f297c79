import { findBreakingChanges, findDangerousChanges } from 'graphql';
import type { Need } from '../../kernel/permissions/need.ts';
import { withoutImplied } from './implied-needs.ts';
import type { SchemaNeed } from './needs.ts';
import type { Supergraph } from './supergraph.ts';

/** What a newer version of a supergraph means for the clients of the one before. */
export interface SupergraphChange {
  /**
   * `BREAKING`: an operation that was answered is refused, or answered in another form. `DANGEROUS`: all are answered,
   * but a client may meet what it does not know (a new value of an enum, a new default).
   */
  readonly severity: 'BREAKING' | 'DANGEROUS';
  /** As graphql-js names it (`FIELD_REMOVED`), or `NEEDS_RAISED` where it takes more permissions to ask for something. */
  readonly type: string;
  readonly description: string;
}

/** Compares what clients see of two versions of a supergraph, and what that takes; the breaking changes come first. */
export function compareSupergraphs(before: Supergraph, after: Supergraph): readonly SupergraphChange[] {
  return [
    ...findBreakingChanges(before.apiSchema, after.apiSchema).map(withSeverity('BREAKING')),
    ...raisedNeeds(before, after).map(withSeverity('BREAKING')),
    ...findDangerousChanges(before.apiSchema, after.apiSchema).map(withSeverity('DANGEROUS')),
  ];
}

function withSeverity(severity: SupergraphChange['severity']) {
  return ({ type, description }: Pick<SupergraphChange, 'type' | 'description'>): SupergraphChange => ({
    severity,
    type,
    description,
  });
}

/** Types and fields of both versions that some who could ask for them no longer may. */
function raisedNeeds(before: Supergraph, after: Supergraph) {
  return (['types', 'fields'] as const).flatMap((kind) =>
    [...after.needs[kind]].flatMap(([coordinate, needs]) => {
      const raised = withoutImplied(needs, [before.needs[kind].get(coordinate) ?? []]);
      if (raised.length === 0 || !isKnown(before, coordinate)) return [];
      return [{ type: 'NEEDS_RAISED', description: `${coordinate} needs ${raised.map(written).join(', and ')}.` }];
    }),
  );
}

function isKnown({ apiSchema }: Supergraph, coordinate: string): boolean {
  const [typeName = '', fieldName] = coordinate.split('.');
  const type = apiSchema.getType(typeName);
  if (!type || fieldName === undefined) return type !== undefined;
  return 'getFields' in type && Object.hasOwn(type.getFields(), fieldName);
}

function written({ need }: SchemaNeed): string {
  return need ? writtenNeed(need) : 'what nobody can have';
}

function writtenNeed({ anyOf }: Need): string {
  return anyOf.length === 0 ? 'a principal' : anyOf.map((all) => all.join(' and ')).join(' or ');
}
