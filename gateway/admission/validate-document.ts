import { type DocumentNode, GraphQLError, validate } from 'graphql';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { withoutSuggestions } from './suggestions.ts';

/** Errors past this many say nothing new and cost time. */
const maxErrors = 20;

/** The errors of a document against a supergraph's API schema; empty when it is valid. */
export type DocumentValidator = (supergraph: Supergraph, document: DocumentNode) => readonly GraphQLError[];

/**
 * Makes a validator that looks at each document once per supergraph. Documents are told apart by identity: the door
 * keeps one parsed document for one text.
 *
 * @param suggestions Whether an error may name what the client could have meant; that tells of the schema.
 */
export function createDocumentValidator({ suggestions }: { readonly suggestions: boolean }): DocumentValidator {
  const verdicts = new WeakMap<DocumentNode, { supergraphId: string; errors: readonly GraphQLError[] }>();
  return (supergraph, document) => {
    const known = verdicts.get(document);
    if (known?.supergraphId === supergraph.id) return known.errors;
    const errors = validate(supergraph.apiSchema, document, undefined, { maxErrors }).map(
      ({ message, nodes }) =>
        new GraphQLError(suggestions ? message : withoutSuggestions(message), {
          nodes: nodes ?? null,
          extensions: { code: 'BAD_USER_INPUT' },
        }),
    );
    verdicts.set(document, { supergraphId: supergraph.id, errors });
    return errors;
  };
}
