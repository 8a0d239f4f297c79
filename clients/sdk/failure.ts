/** An error as a GraphQL answer lists it. */
export interface GraphqlError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly code?: string; readonly [name: string]: unknown };
}

/** What this client adds to the codes of the server: what no server can say. */
export type ClientCode =
  /** Nothing answered, or not in time. */
  | 'UNREACHABLE'
  /** The client is switched off line. */
  | 'OFFLINE'
  /** What gives the tokens gave none. */
  | 'NO_TOKEN'
  /** What answered does not speak GraphQL. */
  | 'NOT_GRAPHQL'
  /** The connection broke under a subscription that cannot resume. */
  | 'INTERRUPTED'
  /** A subscription does not select what resuming needs, or the server's batches do not join. */
  | 'NOT_RESUMABLE'
  /** The storage did not keep what it was given. */
  | 'STORAGE_FAILED'
  /** The storage cannot be used at all, and synchronising ended. */
  | 'STOPPED'
  /** The client was closed. */
  | 'CLOSED';

interface FailureDetails {
  /** A code of the server, or one of the client's own. */
  readonly code: ClientCode | (string & {});
  readonly errors?: readonly GraphqlError[] | undefined;
  readonly correlationId?: string | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** An operation that brought no data. `code` is the code of its first error, or one of the client's own. */
export class OperationFailed extends Error {
  override readonly name = 'OperationFailed';
  readonly code: string;
  readonly errors: readonly GraphqlError[];
  /** Finds the request in the server's log. */
  readonly correlationId: string | undefined;
  /** How long the server asks to wait. */
  readonly retryAfterSeconds: number | undefined;

  constructor(message: string, { code, errors = [], correlationId, retryAfterSeconds, cause }: FailureDetails) {
    super(message, { cause });
    this.code = code;
    this.errors = errors;
    this.correlationId = correlationId;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The failure that a list of GraphQL errors stands for. */
export function failureOf(errors: readonly GraphqlError[], correlationId?: string): OperationFailed {
  const [first] = errors;
  const { code, retryAfter, correlationId: named } = first?.extensions ?? {};
  return new OperationFailed(first?.message ?? 'The server gave neither data nor an error.', {
    code: code ?? 'INTERNAL',
    errors,
    correlationId: correlationId ?? (typeof named === 'string' ? named : undefined),
    retryAfterSeconds: typeof retryAfter === 'number' ? retryAfter : undefined,
  });
}

const passing = new Set([
  'UNREACHABLE',
  'NO_TOKEN',
  'STORAGE_FAILED',
  'SUBGRAPH_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'RATE_LIMITED',
  'INTERNAL',
]);

/** Whether sending the same again may succeed. */
export function mayPass({ code }: OperationFailed): boolean {
  return passing.has(code);
}

const lostPlaces = new Set(['CURSOR_INVALID', 'CURSOR_EXPIRED', 'CURSOR_AHEAD', 'EPOCH_CHANGED']);

/** Whether a cursor is good for nothing any more. */
export function hasLostPlace({ code }: OperationFailed): boolean {
  return lostPlaces.has(code);
}
