import { type DocumentNode, type FieldNode, Kind, visit } from 'graphql';

/** The names that took the place of aliases, by alias. */
export type SourceNames = ReadonlyMap<string, string>;

/**
 * Gives aliases other names that are names of fields which the planner may add: `id: name` beside the key `id` would
 * make one of them stand for both.
 *
 * @param addedNames The names of those fields.
 */
export function renameAliases(
  document: DocumentNode,
  addedNames: ReadonlySet<string>,
): { readonly document: DocumentNode; readonly sourceNames: SourceNames } {
  const aliases = new Set<string>();
  visit(document, { Field: (node) => void (isTrueAlias(node) && aliases.add(node.alias?.value ?? '')) });
  const taken = [...aliases].filter((alias) => addedNames.has(alias));
  if (taken.length === 0) return { document, sourceNames: new Map() };
  const sourceNames = new Map(taken.map((alias) => [alias, freeName(alias, aliases)]));
  const renamed = visit(document, {
    Field(node) {
      const value = isTrueAlias(node) ? sourceNames.get(node.alias?.value ?? '') : undefined;
      return value === undefined ? undefined : { ...node, alias: { kind: Kind.NAME, value } };
    },
  });
  return { document: renamed, sourceNames };
}

/** Tells whether a field is to be answered under another name than its own. */
export function isTrueAlias({ alias, name }: FieldNode): boolean {
  return alias !== undefined && alias.value !== name.value;
}

function freeName(alias: string, aliases: ReadonlySet<string>): string {
  const name = `${alias}__renamed`;
  return aliases.has(name) ? freeName(name, aliases) : name;
}
