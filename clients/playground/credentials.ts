import type { PlaygroundConfig } from './config.ts';

/** Whom the playground acts as. */
export interface Credentials {
  /** The label of a ready-made identity, or undefined when the key was typed. */
  readonly identity: string | undefined;
  readonly key: string;
  readonly app: string;
}

const storageKey = 'panorama.playground.credentials';

/** The credentials of this browser tab, or those the playground starts with: the first ready-made identity, if any. */
export function restoreCredentials(config: PlaygroundConfig): Credentials {
  const stored = readStored();
  const [first] = config.identities;
  // A ready-made identity is looked up again: the server may offer others now.
  const known = config.identities.find(({ label }) => label === stored?.identity) ?? first;
  if (stored !== undefined && stored.identity === undefined) return stored;
  if (known === undefined) return { identity: undefined, key: '', app: '' };
  const app = stored?.identity === known.label ? stored.app : known.app;
  return { identity: known.label, key: known.key, app };
}

/** Keeps credentials until the browser tab is closed; they never reach a store that outlives it. */
export function keepCredentials(credentials: Credentials): void {
  sessionStorage.setItem(storageKey, JSON.stringify(credentials));
}

/**
 * The headers of a request: those of the credentials, overruled by what the Headers editor says. An `authorization`
 * written there replaces the key as well, since a request carries one credential. Names are in lower case.
 */
export function requestHeaders(
  credentials: Credentials,
  written: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const headers: Record<string, string> = {};
  if (credentials.key !== '') headers['x-tenant-key'] = credentials.key;
  if (credentials.app !== '') headers['x-source-app'] = credentials.app;
  const overruling = Object.entries(written).map(([name, value]) => [name.toLowerCase(), String(value)] as const);
  if (overruling.some(([name]) => name === 'authorization')) delete headers['x-tenant-key'];
  return { ...headers, ...Object.fromEntries(overruling) };
}

function readStored(): Credentials | undefined {
  const text = sessionStorage.getItem(storageKey);
  return text === null ? undefined : JSON.parse(text);
}
