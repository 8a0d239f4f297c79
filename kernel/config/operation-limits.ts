/** How large one operation may be. A limit is the largest value that is let through. */
export interface OperationLimits {
  /** Characters of the document, ignored ones included. */
  readonly documentCharacters: number;
  /** Tokens of the document. */
  readonly tokens: number;
  /** Brackets within brackets, and fragments within fragments. */
  readonly nesting: number;
  readonly operationNameCharacters: number;
  /** Fields within fields; the way that clients read a whole schema counts as one. */
  readonly depth: number;
  readonly aliases: number;
  readonly rootFields: number;
  readonly directives: number;
  /** How often one selection set may hold the same response key, or spread the same fragment. */
  readonly repeatedFields: number;
  /** Selected fields, those of a fragment once for every time that it is spread. */
  readonly selections: number;
  /** Variables, both those that are defined and those that are sent. */
  readonly variables: number;
  /** Lists and objects within each other in variables and extensions. */
  readonly inputDepth: number;
  /** Items of one list in variables. */
  readonly inputItems: number;
  /** Objects that the answer could hold; see `gateway/admission/operation-cost.ts`. */
  readonly cost: number;
}

/** The limits of the suite: what a page or an app of a company asks for passes, with room. */
export const suiteLimits: OperationLimits = {
  documentCharacters: 15_000,
  tokens: 2_000,
  nesting: 100,
  operationNameCharacters: 256,
  depth: 10,
  aliases: 30,
  rootFields: 20,
  directives: 30,
  repeatedFields: 10,
  selections: 2_000,
  variables: 100,
  inputDepth: 32,
  inputItems: 5_000,
  cost: 5_000,
};

/**
 * The limits of a gateway that knows nothing of its supergraph: wide enough for whatever people write, and narrow
 * enough that no document can hold up the process. The size of lists is not known, so no cost is too high.
 */
export const anySupergraphLimits: OperationLimits = {
  documentCharacters: 500_000,
  tokens: 15_000,
  nesting: 500,
  operationNameCharacters: 1_024,
  depth: 100,
  aliases: 1_000,
  rootFields: 500,
  directives: 1_000,
  repeatedFields: 100,
  selections: 20_000,
  variables: 1_000,
  inputDepth: 100,
  inputItems: 100_000,
  cost: Number.POSITIVE_INFINITY,
};

/** The names of all limits. */
export const operationLimitNames = Object.keys(suiteLimits) as readonly (keyof OperationLimits)[];
