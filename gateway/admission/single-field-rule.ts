import {
  type ASTVisitor,
  GraphQLError,
  getEnterLeaveForKind,
  Kind,
  SingleFieldSubscriptionsRule,
  type ValidationContext,
} from 'graphql';
import { conditionalSource } from '../plan/plan-operation.ts';

/**
 * GraphQL's rule that a subscription has one field. The library's own collects the fields without the values of variables,
 * and throws where one of them decides whether the field is there; that is a mistake in the document.
 */
export function singleFieldRule(context: ValidationContext): ASTVisitor {
  const { enter } = getEnterLeaveForKind(SingleFieldSubscriptionsRule(context), Kind.OPERATION_DEFINITION);
  return {
    OperationDefinition(...place) {
      try {
        enter?.(...place);
      } catch (error) {
        // One without a place in the document says that there are too many mistakes.
        if (!(error instanceof GraphQLError) || !error.nodes) throw error;
        context.reportError(new GraphQLError(conditionalSource, { nodes: error.nodes }));
      }
    },
  };
}
