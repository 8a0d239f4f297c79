import type { Connection } from './connection.ts';

/** Whether there is a network at all, as far as the runtime knows. */
export function hasNetwork(): boolean {
  return (globalThis as { navigator?: { readonly onLine?: boolean } }).navigator?.onLine !== false;
}

interface Page extends Partial<Pick<EventTarget, 'addEventListener'>> {
  readonly document?: EventTarget & { readonly visibilityState: string };
}

/**
 * What a browser knows of the network: that there is none, and when there may be one again, so that nobody waits for the
 * end of a pause or for a server that is silent. A page that was hidden, frozen or asleep asks as well when it is shown.
 * Elsewhere nothing is told. `onChange` is called after the connection has heeded it. Gives the function that stops it.
 */
export function watchNetwork(connection: Connection, onChange: () => void): () => void {
  const page = globalThis as Page;
  const hurry = () => {
    connection.hurry();
    onChange();
  };
  const lose = () => {
    connection.lose();
    onChange();
  };
  const stopping = new AbortController();
  const { signal } = stopping;
  page.addEventListener?.('online', hurry, { signal });
  page.addEventListener?.('offline', lose, { signal });
  page.addEventListener?.('pageshow', hurry, { signal });
  page.document?.addEventListener(
    'visibilitychange',
    () => {
      if (page.document?.visibilityState === 'visible') hurry();
    },
    { signal },
  );
  return () => stopping.abort();
}
