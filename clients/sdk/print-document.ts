/**
 * A node of a parsed executable document, as far as printing it needs: the fields that the AST of `graphql` gives to
 * any kind of node.
 */
export interface SyntaxNode {
  readonly kind: string;
  readonly operation?: string;
  readonly name?: SyntaxNode;
  readonly alias?: SyntaxNode;
  readonly variable?: SyntaxNode;
  readonly type?: SyntaxNode;
  readonly typeCondition?: SyntaxNode;
  readonly defaultValue?: SyntaxNode;
  readonly selectionSet?: SyntaxNode;
  readonly value?: SyntaxNode | string | boolean;
  readonly values?: readonly SyntaxNode[];
  readonly fields?: readonly SyntaxNode[];
  readonly arguments?: readonly SyntaxNode[];
  readonly directives?: readonly SyntaxNode[];
  readonly selections?: readonly SyntaxNode[];
  readonly variableDefinitions?: readonly SyntaxNode[];
}

type Printer = (node: SyntaxNode) => string;

const words = (...parts: readonly string[]) => parts.filter((part) => part !== '').join(' ');
const list = (nodes: readonly SyntaxNode[] | undefined, open: string, close: string) =>
  nodes === undefined || nodes.length === 0 ? '' : `${open}${nodes.map(print).join(', ')}${close}`;
const directives = (node: SyntaxNode) => (node.directives ?? []).map(print).join(' ');
const after = (sign: string, node: SyntaxNode | undefined) => (node === undefined ? '' : sign + print(node));
const plain: Printer = ({ value }) => String(value);

/** Every kind of node that an executable document can have (GraphQL, section 2). */
const printers: Readonly<Record<string, Printer>> = {
  OperationDefinition: (node) =>
    words(
      `${node.operation}${after(' ', node.name)}${list(node.variableDefinitions, '(', ')')}`,
      directives(node),
      print(node.selectionSet),
    ),
  FragmentDefinition: (node) =>
    words(`fragment ${print(node.name)} on ${print(node.typeCondition)}`, directives(node), print(node.selectionSet)),
  VariableDefinition: (node) =>
    words(`${print(node.variable)}: ${print(node.type)}${after(' = ', node.defaultValue)}`, directives(node)),
  SelectionSet: ({ selections = [] }) => `{ ${selections.map(print).join(' ')} }`,
  Field: (node) =>
    words(
      `${node.alias ? `${print(node.alias)}: ` : ''}${print(node.name)}${list(node.arguments, '(', ')')}`,
      directives(node),
      node.selectionSet ? print(node.selectionSet) : '',
    ),
  FragmentSpread: (node) => words(`...${print(node.name)}`, directives(node)),
  InlineFragment: (node) =>
    words(`...${after(' on ', node.typeCondition)}`, directives(node), print(node.selectionSet)),
  Directive: (node) => `@${print(node.name)}${list(node.arguments, '(', ')')}`,
  Argument: (node) => `${print(node.name)}: ${print(node.value)}`,
  ObjectField: (node) => `${print(node.name)}: ${print(node.value)}`,
  ObjectValue: ({ fields = [] }) => `{${fields.map(print).join(', ')}}`,
  ListValue: ({ values = [] }) => `[${values.map(print).join(', ')}]`,
  // What JSON escapes, GraphQL reads in the same way; the reverse does not matter here.
  StringValue: ({ value }) => JSON.stringify(value),
  NullValue: () => 'null',
  Variable: ({ name }) => `$${print(name)}`,
  NonNullType: ({ type }) => `${print(type)}!`,
  ListType: ({ type }) => `[${print(type)}]`,
  NamedType: ({ name }) => print(name),
  Name: plain,
  IntValue: plain,
  FloatValue: plain,
  BooleanValue: plain,
  EnumValue: plain,
};

function print(node: SyntaxNode | string | boolean | undefined): string {
  if (typeof node !== 'object') return String(node);
  const printer = printers[node.kind];
  if (printer === undefined) throw new TypeError(`An operation cannot hold a ${node.kind}.`);
  return printer(node);
}

/** The text of a parsed document of operations and fragments. */
export function printDocument(definitions: readonly SyntaxNode[]): string {
  return definitions.map(print).join('\n');
}
