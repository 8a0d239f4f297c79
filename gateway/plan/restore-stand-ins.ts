import type * as apollo from '@apollo/query-planner';
import { Kind, parse, print, stripIgnoredCharacters, visit } from 'graphql';
import type { StandIns } from '../supergraph/stand-ins.ts';

/**
 * Writes the true fields back into a fetch that was planned with stand-ins. It asks for the true field under the
 * stand-in's name; where it sends one in a representation, the representation gets the true name.
 */
export function restoreStandIns({ fields }: StandIns, fetch: apollo.FetchNode): apollo.FetchNode {
  if (fields.size === 0) return fetch;
  const document = visit(fetch.operationDocumentNode ?? parse(fetch.operation), {
    Field(node) {
      const standIn = fields.get(node.name.value);
      if (!standIn) return undefined;
      return {
        ...node,
        alias: node.alias ?? node.name,
        name: { kind: Kind.NAME, value: standIn.name },
        arguments: [...standIn.arguments, ...(node.arguments ?? [])],
      };
    },
  });
  return {
    ...fetch,
    operation: stripIgnoredCharacters(print(document)),
    operationDocumentNode: document,
    // Before all others: those may change the type names that these go by.
    inputRewrites: [...renamers(fields, fetch.requires ?? [], []), ...(fetch.inputRewrites ?? [])],
  };
}

/** What is below a field is renamed before the field itself, as long as it is found under the field's first name. */
function renamers(
  fields: StandIns['fields'],
  selections: readonly apollo.QueryPlanSelectionNode[],
  path: readonly string[],
): readonly apollo.FetchDataKeyRenamer[] {
  return selections.flatMap((selection) => {
    if (selection.kind === 'InlineFragment') {
      const condition = selection.typeCondition === undefined ? [] : [`... on ${selection.typeCondition}`];
      return renamers(fields, selection.selections, [...path, ...condition]);
    }
    const fieldPath = [...path, selection.alias ?? selection.name];
    const renameKeyTo = fields.get(selection.name)?.name;
    return [
      ...renamers(fields, selection.selections ?? [], fieldPath),
      ...(renameKeyTo === undefined ? [] : [{ kind: 'KeyRenamer' as const, path: fieldPath, renameKeyTo }]),
    ];
  });
}
