import { type BackoffBounds, pause, pauseAfter } from './backoff.ts';
import { type Credentials, credentialHeaders } from './credentials.ts';
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
}

/** Sends an operation. Throws `OperationFailed` when there is no data at all. */
export type Sender = <Data>(request: GraphqlRequest, options?: SendOptions) => Promise<Answer<Data>>;

const defaultTimeoutMs = 30_000;

/** Sends over HTTP, and again after what may pass: for queries, and for mutations with an idempotency key. */
export function createSender(options: SenderOptions): Sender {
  return async <Data>(request: GraphqlRequest, sendOptions: SendOptions = {}) => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await post<Data>(request, sendOptions, options);
      } catch (failure) {
        if (!(failure instanceof OperationFailed) || !mayPass(failure)) throw failure;
        if (failures >= options.attempts || sendOptions.signal?.aborted) throw failure;
        await pause(
          (failure.retryAfterSeconds ?? 0) * 1000 + pauseAfter(failures, options.backoff),
          sendOptions.signal,
        );
      }
    }
  };
}

async function post<Data>(
  request: GraphqlRequest,
  { signal, headers, timeoutMs = defaultTimeoutMs }: SendOptions,
  { url, credentials, fetch }: SenderOptions,
): Promise<Answer<Data>> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const init = {
    method: 'POST',
    headers: {
      ...(await credentialHeaders(credentials)),
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json;q=0.9',
      ...headers,
    },
    body: JSON.stringify(request),
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
  };
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, init);
    text = await response.text();
  } catch (cause) {
    throw new OperationFailed(`No answer from ${url}.`, { code: 'UNREACHABLE', cause });
  }
  return readAnswer(response, text);
}

function readAnswer<Data>(response: Response, text: string): Answer<Data> {
  const correlationId = response.headers.get('x-correlation-id') ?? undefined;
  const { data, errors = [] } = parseAnswer<Data>(text) ?? {};
  if (data !== undefined && data !== null) return { data, errors, correlationId };
  if (errors.length > 0) throw failureOf(errors, correlationId);
  // Not ours: a proxy in between. Its 5xx and 429 pass, as a rule; its 4xx do not.
  const passes = response.status >= 500 || response.status === 429;
  throw new OperationFailed(`The answer is no GraphQL: HTTP ${response.status}.`, {
    code: passes ? 'UNREACHABLE' : 'NOT_GRAPHQL',
    correlationId,
  });
}

function parseAnswer<Data>(text: string): { data?: Data | null; errors?: readonly GraphqlError[] } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
