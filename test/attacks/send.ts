import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import type { AttackSender, SentRequest } from './attack.ts';
import type { Stand } from './stand.ts';

/** What came back. */
export interface Answer {
  readonly status: number | 'closed';
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The answer's body as GraphQL has it; undefined for any other. */
export interface GraphqlBody {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly {
    readonly message: string;
    readonly path?: readonly (string | number)[];
    readonly extensions: Readonly<Record<string, unknown>>;
  }[];
}

/** The answer to an operation. */
export interface AskAnswer extends GraphqlBody {
  readonly status: Answer['status'];
  readonly text: string;
  readonly correlationId: string;
}

export const keyOfGlobex = 'demo-globex-admin';
export const keyOfAcme = 'demo-acme-admin';

/** The headers by which a sender is known. */
export function credentialsOf(stand: Stand, sender: AttackSender): Readonly<Record<string, string>> {
  if (sender === 'nobody') return {};
  const scope = sender === 'admin' ? ['*'] : sender.permissions;
  return { authorization: `Bearer ${stand.token({ scope })}` };
}

/** Sends a request as it is: no header is added but those of the connection, and none is judged. */
export async function send(url: string, sent: SentRequest): Promise<Answer> {
  const { method = 'POST', path = '/graphql', headers = {}, body } = sent;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const { promise, resolve } = Promise.withResolvers<Answer>();
  const json =
    method === 'GET' || method === 'HEAD' || method === 'OPTIONS' ? {} : { 'content-type': 'application/json' };
  const request = httpRequest(`${url}${path}`, { method, headers: { ...json, ...headers }, maxHeaderSize: 65_536 });
  const closed = () => resolve({ status: 'closed', headers: {}, body: '' });
  request.on('response', (response) => {
    readText(response).then(
      (answered) => resolve({ status: response.statusCode ?? 'closed', headers: response.headers, body: answered }),
      closed,
    );
  });
  // Whoever sends too much may find the connection closed before the answer has come.
  request.on('error', closed);
  request.end(text);
  return await promise;
}

/** Posts an operation and reads the answer. */
export async function ask(
  url: string,
  operation: { readonly query: string; readonly variables?: object },
  headers: Readonly<Record<string, string>>,
): Promise<AskAnswer> {
  const { status, body, headers: answered } = await send(url, { headers, body: operation });
  return { status, text: body, correlationId: String(answered['x-correlation-id']), ...graphqlBody(body) };
}

/** Reads a body as GraphQL's; empty for one that is none. */
export function graphqlBody(body: string): GraphqlBody {
  return body.startsWith('{') ? (JSON.parse(body) as GraphqlBody) : {};
}

/** Sends bytes, and gives what is answered until the server closes the connection. */
export async function sendRaw(url: string, text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const chunks: Buffer[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('data', (chunk) => chunks.push(chunk));
  // The server may close before it has read everything; what it has said until then counts.
  socket.on('error', () => undefined);
  socket.on('close', () => resolve());
  socket.write(text);
  await promise;
  return Buffer.concat(chunks).toString();
}
