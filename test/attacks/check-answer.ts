import { expect } from '@jest/globals';
import type { RequestAttack, SafeAnswer } from './attack.ts';
import { type Answer, ask, credentialsOf, graphqlBody, keyOfGlobex, send } from './send.ts';
import type { Stand } from './stand.ts';

/** What no client may read, whatever it sent: traces, SQL, addresses of ours, and what belongs to the other tenant. */
const inside = [
  /node_modules|\.ts:\d+|\n\s+at /,
  /Maximum call stack|SyntaxError|TypeError|stacktrace/,
  /Prisma|P20\d\d|invalid byte sequence|violates|relation "/,
  /ECONN|postgres(ql)?:\/\/|127\.0\.0\.1/,
] as const;

/** What the other tenant is known by: its id is part of the ids of its records. */
const otherTenant = /lea_globex|con_globex|cus_globex|Secretive/;

const control = { query: '{ leads(first: 2, orderBy: {field: NAME}) { nodes { id email } totalCount } }' };

/** How the stand is before an attack. */
export interface Before {
  readonly calls: number;
  readonly acme: string;
  readonly globex: string;
  readonly control: unknown;
}

const askAsGlobex = (stand: Stand) => ask(stand.url, control, { 'x-tenant-key': keyOfGlobex });

export async function lookBefore(stand: Stand): Promise<Before> {
  const { data } = await askAsGlobex(stand);
  return {
    calls: stand.calls.length,
    acme: await stand.rowsOf('acme'),
    globex: await stand.rowsOf('globex'),
    control: data,
  };
}

/** What has to be true after every attack: objects are clean, and the other tenant is served as before. */
export async function checkAfter(stand: Stand, before: Before): Promise<void> {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(({} as Readonly<Record<string, unknown>>).polluted).toBeUndefined();
  expect(await stand.rowsOf('globex')).toBe(before.globex);
  const { status, data, errors } = await askAsGlobex(stand);
  expect({ status, data, errors }).toEqual({ status: 200, data: before.control, errors: undefined });
  expect(stand.trap.visits()).toBe(0);
}

/** What has to be true of every body that a client gets. */
export function checkBody(body: string, sentText = ''): void {
  const secrets = sentText.match(/eyJ[\w-]+\.[\w-]+\.[\w-]+|pk_[a-z0-9]{8}_[\w-]{43}|demo-[a-z]+-admin/g) ?? [];
  for (const pattern of [...inside, otherTenant]) expect(body).not.toMatch(pattern);
  for (const secret of secrets) expect(body).not.toContain(secret);
}

/** Makes an attack of one request, and checks that it comes to nothing. */
export async function makeAttack(stand: Stand, attack: RequestAttack): Promise<void> {
  const sent = await attack.send(stand);
  const before = await lookBefore(stand);
  const headers = { ...credentialsOf(stand, attack.as ?? 'admin'), ...sent.headers };
  const answer = await send(stand.url, { ...sent, headers });
  const callsMade = stand.calls.slice(before.calls).map(({ app, document }) => ({ app, document }));
  checkAnswer(attack.answer, answer);
  checkBody(answer.body, JSON.stringify([headers, sent.body]));
  if (!attack.answer.reachesApps) expect(callsMade).toEqual([]);
  if (!attack.answer.writes) expect(await stand.rowsOf('acme')).toBe(before.acme);
  if (attack.answer.recorded) {
    const records = await stand.recordsOf('acme', String(answer.headers['x-correlation-id']));
    expect(records).toEqual([expect.objectContaining(attack.answer.recorded)]);
  }
  if (attack.answer.likeNobody) {
    const { body, ...rest } = sent;
    const nobody = await send(stand.url, { ...rest, headers: {}, body });
    expect([answer.status, answer.body]).toEqual([nobody.status, nobody.body]);
  }
  await checkAfter(stand, before);
}

function checkAnswer(safe: SafeAnswer, { status, headers, body }: Answer): void {
  const { data, errors = [] } = graphqlBody(body);
  const isExpected = safe.status.includes(status);
  expect({ status, isExpected, body: body.slice(0, 2_000) }).toMatchObject({ isExpected: true });
  if (safe.codes) expect([...new Set(errors.map(({ extensions }) => extensions.code))].sort()).toEqual(safe.codes);
  if (safe.details) expect(errors[0]?.extensions).toMatchObject(safe.details);
  if (safe.data !== undefined) expect(data).toEqual(safe.data);
  else if (!safe.reachesApps && status !== 200) expect(data).toBeUndefined();
  if (safe.maxErrors !== undefined) expect(errors.length).toBeLessThanOrEqual(safe.maxErrors);
  for (const part of safe.says ?? []) expect(body).toMatch(part);
  for (const part of safe.hides ?? []) expect(body).not.toMatch(part);
  for (const [name, value] of Object.entries(safe.headers ?? {})) expect(headers[name] ?? null).toBe(value);
}
