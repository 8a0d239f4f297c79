import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { nextMessage, startScript } from '../load/script.ts';
import { shop } from './shop.ts';

/** The supergraph of the shop, its subgraphs on a port of this machine. */
export function composeShop(port: number): string {
  return composeSupergraph(shop.map(({ name, sdl }) => ({ name, sdl, url: `http://127.0.0.1:${port}/${name}` })));
}

/** Starts the subgraphs on a port, or on a free one for 0. */
export async function startSubgraphs(port: number): Promise<{ port: number; stop(): void }> {
  const child = startScript(new URL('subgraphs.ts', import.meta.url), [String(port)]);
  return { port: await nextMessage<number>(child), stop: () => child.disconnect() };
}
