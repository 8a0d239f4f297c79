import { type Dispatcher, request as send } from 'undici';
import { collectBytes } from '../../kernel/http/collect-bytes.ts';
import { onAbort } from '../../kernel/resilience/on-abort.ts';
import type { SubgraphRequest, SubgraphResponse, SubscribingConnection } from '../../kernel/subgraph/connection.ts';
import { HttpConnectionError, isAnswer } from './http-exchange.ts';
import { readServerSentEvents, type ServerSentEvent } from './server-sent-events.ts';

/** How the subscriptions of a subgraph are reached over HTTP. */
export interface EventStreamConnectionOptions {
  readonly url: string;
  /** How long it may take until the stream begins, in milliseconds. */
  readonly timeoutMs: number;
  /** The largest event, in bytes. */
  readonly maxEventBytes: number;
  /** The headers beside those of the protocol, for a body. */
  readonly headers: (request: SubgraphRequest, body: string) => Readonly<Record<string, string>>;
}

/**
 * Connects to the subscriptions of a subgraph by server-sent events, in the distinct connections mode of `graphql-sse`:
 * one POST for each, whose body are events `next`, and `complete` at the end. No redirects.
 */
export function connectEventStream(options: EventStreamConnectionOptions): SubscribingConnection {
  const { timeoutMs, maxEventBytes } = options;
  return async (request) => {
    const { signal } = request.context;
    signal.throwIfAborted();
    const ending = new AbortController();
    const stopListening = onAbort(signal, () => ending.abort(signal.reason));
    const leave = () => {
      stopListening();
      ending.abort();
    };
    const late = () => ending.abort(new DOMException('The deadline has passed.', 'TimeoutError'));
    const deadline = setTimeout(late, timeoutMs);
    try {
      const answer = await open(options, request, ending.signal);
      if (isEventStream(answer)) return eventsOf(readServerSentEvents(answer.body, maxEventBytes), leave);
      const refusal = await readRefusal(answer, maxEventBytes);
      stopListening();
      return refusal;
    } catch (error) {
      leave();
      throw error;
    } finally {
      clearTimeout(deadline);
    }
  };
}

function open(
  { url, headers }: EventStreamConnectionOptions,
  request: SubgraphRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const { document: query, operationName, variables } = request;
  const body = JSON.stringify({ query, operationName, variables });
  return send(url, {
    method: 'POST',
    headers: {
      ...headers(request, body),
      // Alone: the reference implementation knows no other form.
      accept: 'text/event-stream',
      'content-type': 'application/json',
    },
    body,
    signal,
    headersTimeout: 0,
    // A source may have nothing to tell for days.
    bodyTimeout: 0,
  });
}

function isEventStream({ statusCode, headers }: Dispatcher.ResponseData): boolean {
  return statusCode === 200 && /^text\/event-stream(;|$)/i.test(String(headers['content-type'] ?? ''));
}

async function readRefusal(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  maxBytes: number,
): Promise<SubgraphResponse> {
  if (!isAnswer(statusCode, headers['content-type'])) {
    throw new HttpConnectionError(`The subgraph answered a subscription with status ${statusCode} and no events.`);
  }
  const bytes = await collectBytes(body, maxBytes);
  if (!bytes) throw new HttpConnectionError(`The answer is larger than ${maxBytes} bytes.`);
  return parseResponse(bytes.toString());
}

/** @param leave Ends the request. */
function eventsOf(events: AsyncIterator<ServerSentEvent>, leave: () => void): AsyncIterable<SubgraphResponse> {
  const ended = { done: true, value: undefined } as const;
  let isLeft = false;
  async function next(): Promise<IteratorResult<SubgraphResponse, undefined>> {
    for (;;) {
      const { done, value } = await events.next();
      if (done) throw new HttpConnectionError('The events of the subgraph broke off.');
      if (value.event === 'next') return { done: false, value: parseResponse(value.data) };
      if (value.event !== 'complete') continue;
      leave();
      return ended;
    }
  }
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          return isLeft ? ended : await next();
        } catch (error) {
          if (isLeft) return ended;
          leave();
          throw error;
        }
      },
      async return() {
        isLeft = true;
        leave();
        return ended;
      },
    }),
  };
}

function parseResponse(text: string): SubgraphResponse {
  try {
    // What it holds is the executor's to check.
    return JSON.parse(text) as SubgraphResponse;
  } catch {
    throw new HttpConnectionError('What the subgraph tells is not JSON.');
  }
}
