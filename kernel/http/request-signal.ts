import type { ServerResponse } from 'node:http';

/** Ends when the client has gone away before its answer was complete, or when the deadline has passed. */
export function requestSignal(response: ServerResponse, deadlineMs: number): AbortSignal {
  const ending = new AbortController();
  const late = () => ending.abort(new DOMException('The deadline of the request has passed.', 'TimeoutError'));
  const deadline = setTimeout(late, deadlineMs);
  response.once('close', () => {
    clearTimeout(deadline);
    if (!response.writableFinished) ending.abort();
  });
  return ending.signal;
}
