/**
 * The one table of error codes a client can meet in `errors[].extensions.code` or `userErrors[].code`.
 *
 * `status` is the HTTP status of a response that consists of this error alone; an error beside data never changes the
 * status. `remedy` tells the caller what to do. `docs/errors.md` lists the same codes, and a test keeps the two equal.
 */
export const errorCodes = {
  UNAUTHENTICATED: {
    status: 401,
    meaning: 'No credential was sent, or the one sent is unknown, expired or revoked.',
    remedy: 'Send `x-tenant-key: <key>` (or `authorization: Bearer <jwt>`) with a key that is active.',
  },
  FORBIDDEN: {
    status: 403,
    meaning: 'The principal is known but may not do this.',
    remedy: 'Use a principal that holds the permission named in the message.',
  },
  NOT_FOUND: {
    status: 404,
    meaning: 'Nothing with this id exists in the tenant.',
    remedy: 'Check the id. A thing of another tenant reads the same as one that does not exist.',
  },
  BAD_USER_INPUT: {
    status: 400,
    meaning: 'The request or one of its values is not valid.',
    remedy: 'Correct the field or position named in the error and send it again.',
  },
  CONFLICT: {
    status: 409,
    meaning: 'The value is taken, or the record has changed since it was read.',
    remedy: 'Read the record again, apply the change to what it holds now, and send it again.',
  },
  OPERATION_LIMIT_EXCEEDED: {
    status: 400,
    meaning: 'The request is larger than a limit allows; the error names the limit and its value.',
    remedy: 'Ask for less in one request, or have the operator raise the limit.',
  },
  RATE_LIMITED: {
    status: 429,
    meaning: 'Too many requests from this principal or tenant.',
    remedy: 'Wait for `retryAfter` seconds, then send it again.',
  },
  PERSISTED_QUERY_NOT_FOUND: {
    status: 200,
    meaning: 'The hash that was sent in the place of a document stands for none.',
    remedy: 'Send the document and its hash together, then the hash alone.',
  },
  PERSISTED_QUERY_NOT_SUPPORTED: {
    status: 200,
    meaning: 'Clients cannot register documents here.',
    remedy: 'Send documents, or the hashes of trusted ones.',
  },
  SUBGRAPH_UNAVAILABLE: {
    status: 502,
    meaning: 'The app named in `app` did not answer; everything else in the answer holds.',
    remedy: 'Use the rest of the answer, and ask for the missing fields again later.',
  },
  DEADLINE_EXCEEDED: {
    status: 504,
    meaning: 'The answer was not complete in time.',
    remedy: 'Ask for less, or send the request again.',
  },
  CURSOR_INVALID: {
    status: 400,
    meaning: 'The cursor was not made here, not for this tenant, or not for this ordering.',
    remedy: 'Start again without a cursor.',
  },
  CURSOR_EXPIRED: {
    status: 410,
    meaning: 'The change log no longer reaches back to this cursor.',
    remedy: 'Load the current state, then follow the feed from there.',
  },
  CURSOR_AHEAD: {
    status: 400,
    meaning: 'The cursor lies after the newest change.',
    remedy: 'Load the current state, then follow the feed from there.',
  },
  EPOCH_CHANGED: {
    status: 410,
    meaning: 'The change log was restored or failed over since this cursor was given out.',
    remedy: 'Load the current state, then follow the feed from there.',
  },
  IDEMPOTENCY_MISMATCH: {
    status: 422,
    meaning: 'The idempotency key was used before with another request.',
    remedy: 'Use a new key for a new request.',
  },
  OUT_OF_ORDER: {
    status: 409,
    meaning: 'A pushed mutation does not follow the last one of this client.',
    remedy: 'Push the missing mutations first.',
  },
  CLIENT_FORKED: {
    status: 409,
    meaning: 'A pushed mutation has the id of an earlier one but other content.',
    remedy: 'Give the client a new client id and push its queue again.',
  },
  INTERNAL: {
    status: 500,
    meaning: 'Something failed on our side; the correlation id finds it in the log.',
    remedy: 'Send it again; if it persists, report the correlation id.',
  },
} as const satisfies Record<string, { status: number; meaning: string; remedy: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** What an error may say beside its code, and a gateway passes on from a subgraph; `docs/errors.md` says what each holds. */
export const errorDetailNames = [
  'app',
  'correlationId',
  'field',
  'limit',
  'permission',
  'reason',
  'retryAfter',
  'value',
] as const;

/** Tells whether a text is one of our codes. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}
