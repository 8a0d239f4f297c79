import { collectBytes } from '../../kernel/http/collect-bytes.ts';
import { SupergraphError } from './supergraph-error.ts';
import { maxSupergraphBytes, type SupergraphReader } from './watch.ts';

/** Where a supergraph is fetched. */
export interface SupergraphUrl {
  readonly url: string;
  /** How long one fetch may take, in milliseconds. */
  readonly timeoutMs: number;
}

/** Reads a supergraph from a URL, with `if-none-match` once an answer had an `etag`. Redirects are not followed. */
export function readSupergraphUrl({ url, timeoutMs }: SupergraphUrl): SupergraphReader {
  let etag: string | undefined;
  return async (signal) => {
    try {
      const response = await fetch(url, {
        redirect: 'error',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        headers: { accept: 'text/plain, application/graphql, */*;q=0.5', ...(etag && { 'if-none-match': etag }) },
      });
      if (response.status === 304 || !response.ok) {
        await response.body?.cancel();
        if (etag !== undefined && response.status === 304) return undefined;
        throw new SupergraphError(`${place(url)} answered with status ${response.status}.`);
      }
      const body = await collectBytes(response.body ?? [], maxSupergraphBytes);
      if (!body) throw new SupergraphError(`${place(url)} answered with more than ${maxSupergraphBytes} bytes.`);
      etag = response.headers.get('etag') ?? undefined;
      return body.toString('utf8');
    } catch (error) {
      if (error instanceof SupergraphError || signal.aborted) throw error;
      throw new SupergraphError(`${place(url)} gave no supergraph: ${reasonOf(error)}.`, { cause: error });
    }
  };
}

/** Without user and query: those may hold secrets. */
function place(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

/** `fetch` hides what the system said in the cause of its error. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return cause instanceof Error && cause.message ? cause.message : message;
}
