import { type DirectiveNode, type DocumentNode, Kind, valueFromASTUntyped } from 'graphql';

type Import = string | { readonly name?: unknown; readonly as?: unknown };

/**
 * The names under which a subgraph schema uses a directive of the federation specification: its plain one, the one that
 * an `@link` gives it, and the one with the prefix of the specification (https://specs.apollo.dev/link/v1.0).
 */
export function linkedNames(document: DocumentNode, directive: string): ReadonlySet<string> {
  const links = document.definitions
    .filter(({ kind }) => kind === Kind.SCHEMA_DEFINITION || kind === Kind.SCHEMA_EXTENSION)
    .flatMap((definition) => ('directives' in definition ? (definition.directives ?? []) : []))
    .filter((link) => /^https:\/\/specs\.apollo\.dev\/federation\//.test(String(argumentOf(link, 'url'))));
  return new Set([directive, ...links.flatMap((link) => namesOfLink(link, directive))]);
}

function namesOfLink(link: DirectiveNode, directive: string): string[] {
  const prefix = argumentOf(link, 'as') ?? 'federation';
  const imports = (argumentOf(link, 'import') ?? []) as readonly Import[];
  const renamed = imports.flatMap((one) => (typeof one === 'object' && one.name === `@${directive}` ? [one.as] : []));
  return [`${prefix}__${directive}`, ...renamed.map((name) => String(name).replace(/^@/, ''))];
}

function argumentOf(directive: DirectiveNode, name: string): unknown {
  const value = directive.arguments?.find((one) => one.name.value === name)?.value;
  return value && valueFromASTUntyped(value);
}
