import { type ConstDirectiveNode, type ConstValueNode, DirectiveLocation, type DocumentNode, Kind } from 'graphql';
import { stringOf } from './join-directives.ts';

/**
 * Keeps directives for operations that subgraphs compose (`@composeDirective`) in what clients see: as parts of a linked
 * feature they would be hidden from them. The links of such features are left out.
 */
export function unlinkExecutableDirectives(document: DocumentNode): DocumentNode {
  const names = executableDirectiveNames(document);
  if (names.size === 0) return document;
  const definitions = document.definitions.map((definition) => {
    if (definition.kind !== Kind.SCHEMA_DEFINITION) return definition;
    const directives = (definition.directives ?? []).filter((directive) => !importsAny(directive, names));
    return { ...definition, directives };
  });
  return { ...document, definitions };
}

const typeSystemLocations: ReadonlySet<string> = new Set([
  DirectiveLocation.SCHEMA,
  DirectiveLocation.SCALAR,
  DirectiveLocation.OBJECT,
  DirectiveLocation.FIELD_DEFINITION,
  DirectiveLocation.ARGUMENT_DEFINITION,
  DirectiveLocation.INTERFACE,
  DirectiveLocation.UNION,
  DirectiveLocation.ENUM,
  DirectiveLocation.ENUM_VALUE,
  DirectiveLocation.INPUT_OBJECT,
  DirectiveLocation.INPUT_FIELD_DEFINITION,
]);

function executableDirectiveNames({ definitions }: DocumentNode): ReadonlySet<string> {
  const directives = definitions.filter((definition) => definition.kind === Kind.DIRECTIVE_DEFINITION);
  const executable = directives.filter(({ locations }) =>
    locations.some(({ value }) => !typeSystemLocations.has(value)),
  );
  return new Set(executable.map(({ name }) => name.value));
}

function importsAny(directive: ConstDirectiveNode, names: ReadonlySet<string>): boolean {
  if (directive.name.value !== 'link' || stringOf(directive, 'for') !== undefined) return false;
  const imports = directive.arguments?.find(({ name }) => name.value === 'import')?.value;
  return imports?.kind === Kind.LIST && imports.values.some((value) => names.has(importedName(value)));
}

/** An import is `"@name"`, or `{ name: "@name", as: "@other" }`. */
function importedName(value: ConstValueNode): string {
  if (value.kind === Kind.STRING) return value.value.replace(/^@/, '');
  if (value.kind !== Kind.OBJECT) return '';
  const textOf = (key: string) => value.fields.find(({ name }) => name.value === key)?.value;
  return importedName(textOf('as') ?? textOf('name') ?? { kind: Kind.NULL });
}
