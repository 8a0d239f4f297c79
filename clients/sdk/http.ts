import { type BackoffBounds, pause, pauseAfter } from './backoff.ts';
import { type Credentials, credentialHeaders, isRenewable, tokenIn } from './credentials.ts';
import { failureOf, type GraphqlError, mayPass, OperationFailed } from './failure.ts';

/** What came back for an operation. Errors beside data concern a part of it; each has its path. */
export interface Answer<Data> {
  readonly data: Data;
  readonly errors: readonly GraphqlError[];
  /** Finds the request in the server's log. */
  readonly correlationId: string | undefined;
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Further headers, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How long one attempt may take. */
  readonly timeoutMs?: number | undefined;
}

export interface GraphqlRequest {
  readonly query: string;
  readonly variables: object;
}

export interface SenderOptions {
  readonly url: string;
  readonly credentials: Credentials;
  readonly fetch: typeof globalThis.fetch;
  readonly backoff: BackoffBounds;
  /** How often a request is sent at most. */
  readonly attempts: number;
  /** Why nothing is sent at present, if so; asked before every attempt. */
  readonly standstill: () => OperationFailed | undefined;
  /** Breaks off what is on its way when nothing is to be sent any more. */
  readonly closing: AbortSignal;
}

/** Sends an operation. Throws `OperationFailed` when there is no data at all, and the reason of the signal when aborted. */
export type Sender = <Data>(request: GraphqlRequest, options?: SendOptions) => Promise<Answer<Data>>;

const defaultTimeoutMs = 30_000;

/**
 * Sends over HTTP, and again after what may pass: for queries, and for mutations with an idempotency key. A token that is
 * refused is renewed once.
 */
export function createSender(options: SenderOptions): Sender {
  const { credentials, attempts, backoff, standstill, closing } = options;
  return async <Data>(request: GraphqlRequest, sendOptions: SendOptions = {}) => {
    const { signal } = sendOptions;
    const ends = AbortSignal.any(signal ? [signal, closing] : [closing]);
    let refused: string | undefined;
    for (let failures = 0; ; ) {
      signal?.throwIfAborted();
      let token: string | undefined;
      try {
        const still = standstill();
        if (still) throw still;
        const headers = await credentialHeaders(credentials, refused);
        token = tokenIn(headers);
        return await post<Data>(
          request,
          { ...headers, ...sendOptions.headers },
          { ends, timeoutMs: sendOptions.timeoutMs },
          options,
        );
      } catch (failure) {
        signal?.throwIfAborted();
        if (!(failure instanceof OperationFailed)) throw failure;
        const isOver = failure.code === 'UNAUTHENTICATED' && isRenewable(credentials) && refused === undefined;
        if (isOver) {
          refused = token;
          continue;
        }
        failures += 1;
        if (!mayPass(failure) || failures >= attempts) throw failure;
        await pause((failure.retryAfterSeconds ?? 0) * 1000 + pauseAfter(failures, backoff), ends);
      }
    }
  };
}

async function post<Data>(
  request: GraphqlRequest,
  headers: Readonly<Record<string, string>>,
  { ends, timeoutMs = defaultTimeoutMs }: { readonly ends: AbortSignal; readonly timeoutMs?: number | undefined },
  { url, fetch, standstill }: SenderOptions,
): Promise<Answer<Data>> {
  const init = {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...headers,
    },
    body: JSON.stringify(request),
    signal: AbortSignal.any([ends, AbortSignal.timeout(timeoutMs)]),
  };
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, init);
    text = await response.text();
  } catch (cause) {
    throw standstill() ?? new OperationFailed(`No answer from ${url}.`, { code: 'UNREACHABLE', cause });
  }
  return readAnswer(response, text);
}

function readAnswer<Data>(response: Response, text: string): Answer<Data> {
  const correlationId = response.headers.get('x-correlation-id') ?? undefined;
  const { data, errors = [] } = parseAnswer<Data>(text) ?? {};
  if (data !== undefined && data !== null) return { data, errors, correlationId };
  if (errors.length > 0) throw failureOf(errors, correlationId);
  throw new OperationFailed(`The answer is no GraphQL: HTTP ${response.status}.`, {
    code: codeOf(response.status),
    correlationId,
    // A date in its place, which is allowed too, is not a number and asks for nothing.
    retryAfterSeconds: Number(response.headers.get('retry-after')) || undefined,
  });
}

/** What a status says that is not ours but of a proxy in between. Its 5xx and 429 pass, as a rule; its 4xx do not. */
function codeOf(status: number): string {
  if (status === 413) return 'OPERATION_LIMIT_EXCEEDED';
  return status >= 500 || status === 429 ? 'UNREACHABLE' : 'NOT_GRAPHQL';
}

function parseAnswer<Data>(text: string): { data?: Data | null; errors?: readonly GraphqlError[] } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
