import { pino } from 'pino';
import { createGateway, type GatewayOptions } from '../../../gateway/index.ts';
import { composeSupergraph } from '../../../gateway/supergraph/compose.ts';
import { serveAlways } from '../../../gateway/supergraph/served-supergraph.ts';
import type { TestSubgraph } from './subgraph.ts';

/** A gateway that serves anonymously on a port of its own. */
export interface AnonymousGateway {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  /** Lets what runs end, for at most so many milliseconds. */
  stop(graceMs?: number): Promise<void>;
}

/** Opens a gateway in this process, with introspection and suggestions unless the options say otherwise. */
export async function openAnonymousGateway(
  current: GatewayOptions['current'],
  options: Partial<GatewayOptions> = {},
): Promise<AnonymousGateway> {
  const gateway = await createGateway({
    current,
    access: { kind: 'anonymous', introspection: true },
    suggestions: true,
    health: [],
    logger: pino({ level: 'silent' }),
    ...options,
  });
  const server = await gateway.open({ port: 0, host: '127.0.0.1' });
  return { url: `http://127.0.0.1:${server.port}/graphql`, stop: (graceMs = 1_000) => server.drain(graceMs) };
}

/** What a gateway serves over subgraphs in this process. */
export function serveSubgraphs(subgraphs: readonly TestSubgraph[]): GatewayOptions['current'] {
  const parts = subgraphs.map(({ name, sdl }) => ({ name, url: `http://${name}.invalid`, sdl }));
  return serveAlways(composeSupergraph(parts), new Map(subgraphs.map(({ name, execute }) => [name, execute])));
}
