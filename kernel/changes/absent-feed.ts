import { PanoramaError } from '../errors/panorama-error.ts';
import type { ChangeFeed } from './feed.ts';

function refuse(): never {
  throw new PanoramaError('SUBGRAPH_UNAVAILABLE', 'This app runs without the change feed.');
}

/** The feed of an app that runs without one: what is asked of it is refused, and a hint to it is lost. */
export const absentFeed: ChangeFeed = Object.freeze<ChangeFeed>({
  follow: refuse,
  pull: async () => refuse(),
  history: async () => refuse(),
  head: async () => refuse(),
  cursorOf: refuse,
  poke: () => undefined,
  stop: async () => undefined,
});
