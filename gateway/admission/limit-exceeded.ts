import type { OperationLimits } from '../../kernel/config/operation-limits.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';

const subjects: Readonly<Record<keyof OperationLimits, string>> = {
  documentCharacters: 'characters in a document',
  tokens: 'tokens in a document',
  nesting: 'brackets or fragments within each other',
  operationNameCharacters: 'characters in the name of an operation',
  depth: 'fields within each other',
  aliases: 'aliases in an operation',
  rootFields: 'fields at the root of an operation',
  directives: 'directives in an operation',
  repeatedFields: 'repetitions of a response key or fragment in one selection set',
  selections: 'selected fields in an operation',
  variables: 'variables',
  inputDepth: 'lists and objects within each other in variables',
  inputItems: 'items in a list in variables',
  cost: 'units of cost in an operation',
};

/** The refusal of a request that is past a limit; it names the limit and its value. */
export function limitExceeded(limits: OperationLimits, limit: keyof OperationLimits): PanoramaError {
  const value = limits[limit];
  return new PanoramaError('OPERATION_LIMIT_EXCEEDED', `There can be at most ${value} ${subjects[limit]}.`, {
    limit,
    value,
  });
}
