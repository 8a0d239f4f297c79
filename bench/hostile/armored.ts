import { createRequire } from 'node:module';
import { ApolloGateway, LocalGraphQLDataSource } from '@apollo/gateway';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import type { GraphQLSchema } from 'graphql';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { createGuardedSubgraph } from '../../test/support/federation/guarded-gateway.ts';
import { tellFigures } from './served.ts';

/** The stock gateway on Apollo Server; with the argument `armor`, behind graphql-armor as it comes. */
const { sdl, schema, name } = createGuardedSubgraph();
let calls = 0;

class CountingSource extends LocalGraphQLDataSource {
  override process(options: Parameters<LocalGraphQLDataSource['process']>[0]) {
    calls += 1;
    return super.process(options);
  }
}

interface Armor {
  protect(): object;
}

/** What is installed in `bench` only: `npm ci --prefix bench`. */
function loadArmor(): Armor {
  const { ApolloArmor } = createRequire(import.meta.url)('@escape.tech/graphql-armor') as {
    readonly ApolloArmor: new () => Armor;
  };
  return new ApolloArmor();
}

const gateway = new ApolloGateway({
  supergraphSdl: composeSupergraph([{ name, url: `http://${name}.invalid`, sdl }]),
  buildService: () => new CountingSource(schema as GraphQLSchema),
});
const protection = process.argv[2] === 'armor' ? loadArmor().protect() : {};
const server = new ApolloServer({
  gateway,
  introspection: false,
  includeStacktraceInErrorResponses: false,
  ...protection,
});
const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } });
tellFigures(url, () => calls);
