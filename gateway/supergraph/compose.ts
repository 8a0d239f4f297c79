import { composeServices } from '@apollo/composition';
import { type ASTNode, GraphQLError, getLocation, parse, Source } from 'graphql';

/** One subgraph as composition needs it; the URL is only noted in the supergraph, nothing is called. */
export interface SubgraphDefinition {
  readonly name: string;
  readonly url: string;
  /** The subgraph's schema with its federation directives. */
  readonly sdl: string;
}

/** One reason why the subgraphs do not compose. */
export interface CompositionProblem {
  /** Apollo's composition error code, such as `FIELD_TYPE_MISMATCH`. */
  readonly code: string;
  readonly message: string;
  /** Where the problem shows, as `subgraph:line:column`, lines and columns counted from 1. */
  readonly places: readonly string[];
}

/** Thrown when subgraphs do not compose. Its message is for operators: one line of code and places per problem. */
export class CompositionError extends Error {
  readonly problems: readonly CompositionProblem[];

  constructor(problems: readonly CompositionProblem[]) {
    const lines = problems.map(
      ({ code, places, message }) => `${code}${places.length > 0 ? ` (${places.join(', ')})` : ''}: ${message}`,
    );
    super(`The subgraphs do not compose.\n${lines.join('\n')}`);
    this.name = 'CompositionError';
    this.problems = problems;
  }
}

/**
 * Composes subgraphs into a supergraph (Apollo Federation 2; Federation 1 subgraphs are upgraded) and returns its SDL.
 * Throws `CompositionError` with every problem found.
 */
export function composeSupergraph(subgraphs: readonly SubgraphDefinition[]): string {
  const services = subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parseSubgraph(name, sdl) }));
  const result = composeServices(services);
  if (result.errors) throw new CompositionError(result.errors.map(problemOf));
  return result.supergraphSdl;
}

/** The source carries the subgraph's name, because composition does not note it on every node of its errors. */
function parseSubgraph(name: string, sdl: string) {
  try {
    return parse(new Source(sdl, name));
  } catch (error) {
    throw error instanceof GraphQLError ? new CompositionError([problemOf(error)]) : error;
  }
}

function problemOf(error: GraphQLError): CompositionProblem {
  const code = typeof error.extensions.code === 'string' ? error.extensions.code : 'INVALID_GRAPHQL';
  const places = error.nodes
    ? error.nodes.map(placeOf)
    : (error.locations ?? []).map(({ line, column }) => `${error.source?.name}:${line}:${column}`);
  return { code, message: error.message, places: [...new Set(places.filter((place) => place !== undefined))] };
}

function placeOf(node: ASTNode): string | undefined {
  if (!node.loc) return undefined;
  const { line, column } = getLocation(node.loc.source, node.loc.start);
  return `${node.loc.source.name}:${line}:${column}`;
}
