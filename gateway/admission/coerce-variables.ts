import { type DocumentNode, GraphQLError, getOperationAST, getVariableValues } from 'graphql';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { withoutSuggestions } from './suggestions.ts';

const maxErrors = 5;

/** The variables of an operation as its definitions coerce them, or what is wrong with them. */
export type CoercedVariables =
  | { readonly ok: true; readonly values: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly errors: readonly GraphQLError[] };

/** What is coerced: the variables that were sent for one operation of a valid document. */
export interface SentVariables {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
}

/**
 * CoerceVariableValues of the GraphQL specification (6.1.2). A mistake is `BAD_USER_INPUT` and names its variable.
 *
 * @param suggestions Whether an error may name what the client could have meant; that tells of the schema.
 */
export function coerceVariables(
  supergraph: Supergraph,
  { document, operationName, variables }: SentVariables,
  suggestions: boolean,
): CoercedVariables {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  if (definitions.length === 0) return { ok: true, values: {} };
  const { coerced, errors } = getVariableValues(supergraph.apiSchema, definitions, variables, { maxErrors });
  if (coerced) return { ok: true, values: coerced };
  return {
    ok: false,
    errors: errors.map(
      ({ message, nodes }) =>
        new GraphQLError(suggestions ? message : withoutSuggestions(message), {
          nodes: nodes ?? null,
          extensions: { code: 'BAD_USER_INPUT' },
        }),
    ),
  };
}
