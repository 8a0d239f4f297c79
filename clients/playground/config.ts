/** A ready-made identity that the server offers; there are some only while it runs on demo data. */
export interface Identity {
  readonly label: string;
  readonly key: string;
  /** The app that calls are made as (`x-source-app`). */
  readonly app: string;
  readonly description: string;
}

/** What the server tells the page; `gateway/server/playground.ts` writes it. */
export interface PlaygroundConfig {
  /** Path of the GraphQL endpoint on this origin. */
  readonly endpoint: string;
  readonly identities: readonly Identity[];
  /** The customer that the first example asks for. */
  readonly customerId: string;
}

/** Reads the page's settings from the server that served the page. */
export async function loadConfig(): Promise<PlaygroundConfig> {
  const response = await fetch(`${import.meta.env.BASE_URL}config.json`);
  if (!response.ok) throw new Error(`The playground's settings could not be read: HTTP ${response.status}.`);
  return response.json();
}
