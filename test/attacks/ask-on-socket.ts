import { expect } from '@jest/globals';
import { openSocket, type SocketClient } from '../support/streams/socket-client.ts';
import { type AttackSender, isRequest, type RequestAttack } from './attack.ts';
import { checkBody } from './check-answer.ts';
import { documentAttacks } from './document-attacks.ts';
import { leakAttacks } from './leak-attacks.ts';
import { permissionAttacks } from './permission-attacks.ts';
import { credentialsOf, graphqlBody, send } from './send.ts';
import type { Stand } from './stand.ts';

/** A socket of a sender that was let in. */
export async function enter(stand: Stand, sender: AttackSender = 'admin', url = stand.url): Promise<SocketClient> {
  const socket = await openSocket(`${url}/graphql`);
  expect(await socket.init(credentialsOf(stand, sender))).toMatchObject({ type: 'connection_ack' });
  return socket;
}

/** The answer to an operation that has one, in the form of an HTTP answer's body. */
export async function askOn(socket: SocketClient, body: object): Promise<object> {
  socket.send({ id: 'asked', type: 'subscribe', payload: body });
  const { type, payload } = await socket.next();
  if (type === 'error') return { errors: payload };
  expect(await socket.next()).toEqual({ id: 'asked', type: 'complete' });
  return payload as object;
}

/** Reads what comes until one message is as it is waited for, and gives all of it. */
export async function readUntil(socket: SocketClient, isThere: (text: string) => boolean): Promise<string> {
  let all = '';
  while (!isThere(all)) all += JSON.stringify(await socket.next());
  return all;
}

export const outcomeOf = (body: object) => {
  const { data, errors = [] } = graphqlBody(JSON.stringify(body));
  return { data: data ?? null, codes: errors.map(({ extensions }) => extensions.code).sort() };
};

/** The attacks of the catalogue that are the body of one POST, and change nothing. */
export const postedDocuments: readonly RequestAttack[] = [...documentAttacks, ...leakAttacks, ...permissionAttacks]
  .filter(isRequest)
  .filter(({ answer }) => !answer.writes);

/** Sends the same by HTTP and over a socket; what comes back has to be the same. */
export async function compareDoors(stand: Stand, attack: RequestAttack): Promise<boolean> {
  const { method = 'POST', path = '/graphql', headers: own, body } = await attack.send(stand);
  const sent = typeof body === 'object' && body !== null && 'query' in body ? (body as { query: unknown }) : undefined;
  const isPlain = method === 'POST' && path === '/graphql' && own === undefined;
  if (!isPlain || typeof sent?.query !== 'string' || JSON.stringify(sent).length > 200_000) return false;
  const sender = attack.as ?? 'admin';
  if (sender === 'nobody') return false;
  const headers = credentialsOf(stand, sender);
  const posted = await send(stand.url, { headers, body: sent });
  const socket = await enter(stand, sender);
  const answered = await askOn(socket, sent);
  socket.ws.close();
  checkBody(JSON.stringify(answered), JSON.stringify([headers, sent]));
  expect([attack.id, outcomeOf(answered)]).toEqual([attack.id, outcomeOf(graphqlBody(posted.body))]);
  return true;
}
