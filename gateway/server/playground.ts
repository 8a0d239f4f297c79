import { createStaticPage, type StaticPage } from './static-page.ts';

/** An identity that the page offers ready-made. Its key is sent to everyone who opens the page: demo data only. */
export interface PlaygroundIdentity {
  readonly label: string;
  readonly key: string;
  readonly app: string;
  readonly description: string;
}

/** What the page is told at `/playground/config.json`. */
export interface PlaygroundConfig {
  readonly endpoint: string;
  readonly identities: readonly PlaygroundIdentity[];
  readonly customerId: string;
}

export interface PlaygroundOptions {
  /** Where the bundle lies: what `npm run generate` wrote. */
  readonly directory: string;
  readonly config: PlaygroundConfig;
}

export type Playground = StaticPage;

/** Serves the playground below `/playground`. */
export function createPlayground({ directory, config }: PlaygroundOptions): Promise<Playground> {
  return createStaticPage({ name: 'playground', path: '/playground', directory, config });
}
