import { type DocumentNode, GraphQLError, SingleFieldSubscriptionsRule, specifiedRules, validate } from 'graphql';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { deferRule } from './defer-rule.ts';
import { singleFieldRule } from './single-field-rule.ts';
import { withoutSuggestions } from './suggestions.ts';

/** Errors past this many say nothing new and cost time. */
const maxErrors = 20;

const rules = [...specifiedRules.filter((rule) => rule !== SingleFieldSubscriptionsRule), singleFieldRule, deferRule];

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
    const mistakes = validate(supergraph.apiSchema, document, rules, { maxErrors });
    const shown = ({ message }: GraphQLError) => (suggestions ? message : withoutSuggestions(message));
    const errors = Array.from(Map.groupBy(mistakes, shown), mergeMistakes);
    verdicts.set(document, { supergraphId: supergraph.id, errors });
    return errors;
  };
}

/** What is wrong in the same way at many places is one error with all of them: repeating it would only be long. */
function mergeMistakes([message, same]: readonly [string, readonly GraphQLError[]]): GraphQLError {
  return new GraphQLError(message, {
    nodes: same.flatMap(({ nodes }) => nodes ?? []),
    extensions: { code: 'BAD_USER_INPUT' },
  });
}
