/** One of the clients on the page. */
export interface DemoApp {
  /** `App 1`. */
  readonly title: string;
  /** Who works with it. */
  readonly role: string;
  readonly key: string;
  /** The app that it calls as (`x-source-app`). */
  readonly app: string;
}

/** What the server tells the page; `cli/demo/sync-demo.ts` writes it. */
export interface DemoConfig {
  /** Path of the GraphQL endpoint on this origin. */
  readonly endpoint: string;
  readonly apps: readonly DemoApp[];
}

/** Reads the page's settings from the server that served the page. */
export async function loadConfig(): Promise<DemoConfig> {
  const response = await fetch(`${import.meta.env.BASE_URL}config.json`);
  if (!response.ok) throw new Error(`The page's settings could not be read: HTTP ${response.status}.`);
  return response.json();
}
