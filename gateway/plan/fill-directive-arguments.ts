import {
  astFromValue,
  type ConstArgumentNode,
  type ConstValueNode,
  type DirectiveNode,
  type DocumentNode,
  type GraphQLSchema,
  isSpecifiedDirective,
  Kind,
  visit,
} from 'graphql';

/**
 * Writes out the default arguments of directives that subgraphs compose (`@composeDirective`): the default that the
 * supergraph tells clients need not be known to each of the subgraphs.
 */
export function fillDirectiveArguments(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const defaults = new Map(
    schema
      .getDirectives()
      .filter((directive) => !isSpecifiedDirective(directive) && directive.name !== 'defer')
      .map(({ name, args }) => [
        name,
        args.flatMap((argument): readonly ConstArgumentNode[] => {
          const value = argument.defaultValue === undefined ? null : astFromValue(argument.defaultValue, argument.type);
          return value ? [constArgument(argument.name, value as ConstValueNode)] : [];
        }),
      ]),
  );
  if ([...defaults.values()].every((args) => args.length === 0)) return document;
  return visit(document, { Directive: (node) => withDefaults(node, defaults.get(node.name.value) ?? []) });
}

function constArgument(name: string, value: ConstValueNode): ConstArgumentNode {
  return { kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value };
}

/** Undefined leaves the directive as it is. */
function withDefaults(node: DirectiveNode, defaults: readonly ConstArgumentNode[]): DirectiveNode | undefined {
  const given = node.arguments ?? [];
  const missing = defaults.filter(({ name }) => given.every((one) => one.name.value !== name.value));
  return missing.length === 0 ? undefined : { ...node, arguments: [...given, ...missing] };
}
