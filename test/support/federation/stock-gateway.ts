import type { GraphQLDataSource } from '@apollo/gateway';
import { type DocumentNode, type GraphQLSchema, print } from 'graphql';
import type { Connection } from '../../../kernel/subgraph/connection.ts';
import { anonymousContext } from './engine.ts';

// The stock gateway reports home unless this is set before it is loaded.
process.env.APOLLO_TELEMETRY_DISABLED = 'true';
const { ApolloGateway } = await import('@apollo/gateway');

/** A response as the stock gateway gives it. */
export type StockResponse = Awaited<ReturnType<GraphQLDataSource['process']>>;

/** Apollo's own gateway, the oracle for ours. */
export interface StockGateway {
  run(document: DocumentNode, variables: Readonly<Record<string, unknown>>): Promise<StockResponse>;
  stop(): Promise<void>;
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Starts a stock gateway over the same supergraph and the same connections as ours. */
export async function startStockGateway(
  supergraphSdl: string,
  connections: ReadonlyMap<string, Connection>,
): Promise<StockGateway> {
  const gateway = new ApolloGateway({
    supergraphSdl,
    logger: silent,
    buildService: ({ name }) => ({
      async process({ request }) {
        const connection = connections.get(name);
        if (!connection || request.query === undefined) throw new Error(`Nothing to send to ${name}.`);
        const response = await connection({
          document: request.query,
          operationName: request.operationName,
          operationKind: 'query',
          variables: request.variables ?? {},
          context: anonymousContext,
        });
        return response as StockResponse;
      },
    }),
  });
  const { executor, schema } = (await gateway.load()) as unknown as LoadedGateway;
  return {
    run: (document, variables) => {
      const source = print(document);
      const request = { query: source, variables };
      return executor({
        request,
        source,
        document,
        queryHash: source,
        schema,
        logger: silent,
        context: {},
        metrics: {},
      });
    },
    stop: () => gateway.stop(),
  };
}

/** Of what a loaded gateway offers, the part used here; its own type asks for a whole server around it. */
interface LoadedGateway {
  readonly schema: GraphQLSchema;
  readonly executor: (request: Readonly<Record<string, unknown>>) => Promise<StockResponse>;
}
