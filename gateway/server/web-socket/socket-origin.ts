import type { IncomingMessage } from 'node:http';
import { clientAddress } from '../../../kernel/http/client-address.ts';
import { correlationIdOf } from '../../../kernel/tenancy/correlation-id.ts';
import { type Credentials, readCredentials } from '../../admission/authenticate.ts';
import type { Payload } from './protocol.ts';

/** Where a socket comes from, and who opened it: by the request that opened it, and by `connection_init`. */
export interface SocketOrigin {
  readonly address: string;
  readonly credentials: Credentials;
  /** Under which id the operations of the socket are logged that have none of their own. */
  readonly correlationId: string;
  /** What was sent under the names of headers that some subgraph may see. */
  readonly forwardedHeaders: Readonly<Record<string, string>>;
}

/** Reads the request that opens a socket. */
export function readSocketOrigin(
  request: IncomingMessage,
  { trustedProxies, forwardedHeaders: names }: { trustedProxies: number; forwardedHeaders: readonly string[] },
): SocketOrigin {
  const sent: Texts = new Map();
  for (const name of ['x-correlation-id', ...names]) {
    const value = request.headers[name];
    if (value !== undefined) sent.set(name, [value].flat().join(', '));
  }
  return {
    address: clientAddress(request, trustedProxies),
    credentials: readCredentials(request),
    correlationId: correlationIdOf(sent.get('x-correlation-id')),
    forwardedHeaders: pick(sent, names),
  };
}

/**
 * The same with what the payload of `connection_init` says under the names of headers: a page cannot set any on a socket.
 * A credential in it stands in the place of one in the headers.
 */
export function withPayload(origin: SocketOrigin, payload: Payload, names: readonly string[]): SocketOrigin {
  const said = textsOf(payload);
  const tenantKey = said.get('x-tenant-key');
  const authorization = said.get('authorization');
  const own =
    tenantKey === undefined && authorization === undefined ? origin.credentials : { tenantKey, authorization };
  const sourceApp = said.get('x-source-app') ?? origin.credentials.sourceApp;
  const forwardedHeaders = { ...origin.forwardedHeaders, ...pick(said, names) };
  return { ...origin, credentials: { ...own, sourceApp }, forwardedHeaders };
}

/** By names in lower case. */
type Texts = Map<string, string>;

/** The texts of a payload. What is empty is not there; what is there twice has no form that is taken, as in headers. */
export function textsOf(payload: unknown): Texts {
  const texts: Texts = new Map();
  for (const [name, value] of Object.entries(payload ?? {})) {
    if (typeof value !== 'string' || value === '') continue;
    const key = name.toLowerCase();
    const before = texts.get(key);
    texts.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return texts;
}

function pick(texts: Texts, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(names.flatMap((name) => (texts.has(name) ? [[name, texts.get(name) ?? '']] : [])));
}
