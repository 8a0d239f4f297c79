import { buildSubgraphSchema } from '@apollo/subgraph';
import { type DocumentNode, execute, type GraphQLSchema, parse } from 'graphql';
import type { SubgraphRequest, SubgraphResponse } from '../../../kernel/subgraph/connection.ts';

export type Resolver = (source: never, args: never, context: unknown) => unknown;

export type Resolvers = Readonly<Record<string, Readonly<Record<string, Resolver>>>>;

/** A subgraph of a test: its schema, and what it is asked. */
export interface TestSubgraph {
  readonly name: string;
  readonly sdl: string;
  readonly schema: GraphQLSchema;
  /** Every request so far, oldest first. */
  readonly requests: SubgraphRequest[];
  readonly execute: (request: SubgraphRequest) => Promise<SubgraphResponse>;
}

const links = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
    "@key", "@requires", "@provides", "@external", "@shareable", "@override", "@inaccessible", "@interfaceObject",
    "@context", "@fromContext", "@authenticated", "@requiresScopes", "@policy", "@tag", "@composeDirective"
  ])
`;

/**
 * Makes a subgraph that runs in this process. The SDL needs no `@link`.
 *
 * @param federation With 1, the SDL stays without a `@link`, which makes it one of Federation 1.
 */
export function createTestSubgraph(
  name: string,
  typeDefs: string,
  resolvers: Resolvers = {},
  federation: 1 | 2 = 2,
): TestSubgraph {
  const sdl = federation === 1 ? typeDefs : links + typeDefs;
  const schema = buildSubgraphSchema({ typeDefs: parse(sdl), resolvers: resolvers as never });
  const requests: SubgraphRequest[] = [];
  const documents = new Map<string, DocumentNode>();
  return {
    name,
    sdl,
    schema,
    requests,
    async execute(request) {
      requests.push(request);
      const document = documents.get(request.document) ?? parse(request.document);
      documents.set(request.document, document);
      const { variables, operationName, context } = request;
      const result = await execute({
        schema,
        document,
        variableValues: variables,
        operationName,
        contextValue: context,
      });
      return { data: result.data, errors: result.errors?.map((error) => error.toJSON()) };
    },
  };
}
