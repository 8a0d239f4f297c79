import http from 'node:http';
import https from 'node:https';
import { AddressRefused, assertPublicHost, lookUpPublic } from './public-address.ts';

/** What to post, and where to. */
export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Whether it may lead to addresses that are not public. */
  readonly allowsPrivate: boolean;
  readonly signal: AbortSignal;
}

/** What the other side answered; no more of it is read. */
export interface PostAnswer {
  readonly status: number;
}

const timeoutMs = 10_000;

/**
 * Posts JSON on a connection of its own, and follows nothing. Rejects with `AddressRefused` where no public address leads
 * there, and with the system's error where nobody answers in ten seconds.
 */
export async function post({ url, headers, body, allowsPrivate, signal }: Post): Promise<PostAnswer> {
  const target = new URL(url);
  if (!allowsPrivate) assertPublicHost(target);
  const { request } = target.protocol === 'https:' ? https : http;
  const length = String(Buffer.byteLength(body));
  const { promise, resolve, reject } = Promise.withResolvers<PostAnswer>();
  const sent = request(target, {
    method: 'POST',
    agent: false, // a connection that is left over was checked for another time
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    headers: { ...headers, 'content-type': 'application/json', 'content-length': length, 'user-agent': 'panorama' },
    ...(!allowsPrivate && { lookup: lookUpPublic }),
  });
  sent.on('response', (response) => {
    resolve({ status: response.statusCode ?? 0 });
    response.destroy();
  });
  sent.on('error', reject);
  sent.end(body);
  return await promise;
}

/** Why nothing was answered, in one word. */
export function reasonOf(error: unknown): string {
  if (error instanceof AddressRefused) return 'ADDRESS_REFUSED';
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError' || code === 'ABORT_ERR') return 'TIMEOUT';
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,63}$/.test(code) ? code : 'NO_ANSWER';
}
