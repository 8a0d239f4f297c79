import { GraphQLError } from 'graphql';

const opening = ' Did you mean ';

/** An error of validation without the names of the schema that the client could have meant. */
export function withoutSuggestionsIn(error: GraphQLError): GraphQLError {
  const message = withoutSuggestions(error.message);
  if (message === error.message) return error;
  return new GraphQLError(message, { nodes: error.nodes ?? null, extensions: error.extensions });
}

/** A message of validation or coercion without the names of the schema that the client could have meant. */
export function withoutSuggestions(message: string): string {
  // Sought from the end, and not by an expression: a message can hold a value of the client's, of any length.
  const start = message.endsWith('?') ? message.lastIndexOf(opening) : -1;
  return start === -1 ? message : message.slice(0, start);
}
