import { type ASTVisitor, GraphQLError, Kind, type ValidationContext } from 'graphql';

/**
 * What GraphQL's rules on `@defer` ask beyond its definition: a label is written out and the only one of its kind in the
 * document, and a fragment of the root of a mutation or subscription is not deferred.
 */
export function deferRule(context: ValidationContext): ASTVisitor {
  const labels = new Set<string>();
  return {
    Directive(node) {
      if (node.name.value !== 'defer') return;
      const refuse = (message: string) => context.reportError(new GraphQLError(message, { nodes: node }));
      const label = node.arguments?.find(({ name }) => name.value === 'label')?.value;
      if (label?.kind === Kind.VARIABLE) refuse('The label of a @defer must be a text, not a variable.');
      if (label?.kind === Kind.STRING && labels.has(label.value)) refuse('The label of a @defer must be unique.');
      if (label?.kind === Kind.STRING) labels.add(label.value);
      const parent = context.getParentType();
      const schema = context.getSchema();
      const isRoot = [schema.getMutationType(), schema.getSubscriptionType()].some((root) => root && root === parent);
      if (isRoot) refuse('The fields of a mutation or subscription themselves cannot be deferred.');
    },
  };
}
