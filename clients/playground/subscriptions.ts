import { type Client, createClient } from 'graphql-ws';
import type { EventLog } from './event-log.ts';
import { failure, type GraphqlAnswer, type Operation } from './post-operation.ts';

export interface SubscriptionRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly operation: Operation;
  readonly next: (answer: GraphqlAnswer) => void;
  /** Called once, whether the server ended the subscription, the user stopped it, or it failed. */
  readonly complete: () => void;
}

export interface Subscriptions {
  /** Runs a subscription and logs each of its events. A failure comes as an answer that holds an error. */
  readonly subscribe: (request: SubscriptionRequest) => { unsubscribe(): void };
  /** Ends all that run; a socket closes by itself with the last subscription on it. */
  readonly close: () => void;
}

/** Subscriptions over `graphql-transport-ws`: one lazily opened socket per set of headers, shared by all that use it. */
export function createSubscriptions(endpoint: string, log: EventLog): Subscriptions {
  const url = socketUrl(endpoint);
  const clients = new Map<string, Client>();
  const running = new Set<() => void>();

  const clientFor = (headers: Readonly<Record<string, string>>): Client => {
    const name = JSON.stringify(Object.entries(headers).sort());
    const client = clients.get(name) ?? createClient({ url, connectionParams: { ...headers }, retryAttempts: 0 });
    clients.set(name, client);
    return client;
  };

  return {
    subscribe({ headers, operation, next, complete }) {
      const name = operation.operationName ?? 'subscription';
      const end = (): void => {
        if (!running.delete(stop)) return;
        log.ended();
        complete();
      };
      const stop = (): void => {
        dispose();
        end();
      };
      running.add(stop);
      log.started();
      const dispose = clientFor(headers).subscribe(operation, {
        next(answer) {
          log.append(name, answer);
          next(answer);
        },
        error(error) {
          next(Array.isArray(error) ? { errors: error } : failure(describeFailure(error, url)));
          end();
        },
        complete: end,
      });
      return { unsubscribe: stop };
    },
    close() {
      for (const stop of running) stop();
      clients.clear();
    },
  };
}

function socketUrl(endpoint: string): string {
  const url = new URL(endpoint, window.location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

function describeFailure(error: unknown, url: string): string {
  if (error instanceof CloseEvent && error.code !== 1006) {
    return `The server closed the WebSocket: ${error.code} ${error.reason}`.trim();
  }
  if (error instanceof Error) return error.message;
  // The browser does not tell a page why a socket could not be opened: 1006 is all there is.
  return `The WebSocket at ${url} was refused or broken off. Queries and mutations are not affected.`;
}
