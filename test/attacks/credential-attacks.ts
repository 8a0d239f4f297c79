import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { createMemoryRateLimitStore } from '../../gateway/admission/memory-rate-limit-store.ts';
import { createRateLimiter, noRateLimits } from '../../gateway/admission/rate-limit.ts';
import { digestApiKey, isApiKey, makeApiKey } from '../../kernel/tenancy/api-key.ts';
import { forgeJwt, type Signer, withSecret } from '../support/jwt.ts';
import { type Attack, type RequestAttack, runsLong, type SafeAnswer } from './attack.ts';
import { checkAfter, checkBody, lookBefore } from './check-answer.ts';
import { mintKey } from './keys.ts';
import { repeat } from './repeat.ts';
import { ask, keyOfAcme, send } from './send.ts';
import { issuerName, type Stand } from './stand.ts';
import { medianOf, welchT } from './statistics.ts';

const me = { query: '{ viewer { app } }' };

/** The same answer as without a credential: nobody learns what a forgery lacks. */
const likeNobody: SafeAnswer = { status: [401], codes: ['UNAUTHENTICATED'], likeNobody: true };

function withHeaders(
  id: `AUTH-${string}`,
  name: string,
  headers: (stand: Stand) => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>,
  answer: SafeAnswer = likeNobody,
): RequestAttack {
  return { id, name, as: 'nobody', send: async (stand) => ({ headers: await headers(stand), body: me }), answer };
}

const withToken = (id: `AUTH-${string}`, name: string, token: (stand: Stand) => string) =>
  withHeaders(id, name, (stand) => ({ authorization: `Bearer ${token(stand)}` }));

const unsigned: Signer = () => '';
const pemOf = ({ issuer }: Stand) => issuer.key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const seconds = () => Math.floor(Date.now() / 1000);

/** A token whose payload holds what no library would write. */
function tokenWithPayload(stand: Stand, change: (payload: string) => string): string {
  const claims = { iss: issuerName, aud: 'panorama-attacks', exp: seconds() + 600, tenantId: 'acme', app: 'crm-web' };
  return forgeJwt({ alg: 'RS256', kid: stand.issuer.key.kid }, change(JSON.stringify(claims)), stand.issuer.key.sign);
}

const tokenAttacks: readonly Attack[] = [
  withHeaders('AUTH-001', 'no credential', () => ({}), {
    status: [401],
    codes: ['UNAUTHENTICATED'],
    headers: { 'www-authenticate': 'Bearer' },
  }),
  withHeaders('AUTH-003', 'a scheme and nothing behind it', () => ({ authorization: 'Bearer ' })),
  withHeaders('AUTH-005', 'the word undefined', () => ({ authorization: 'Bearer undefined' })),
  withHeaders('AUTH-007', 'two dots', () => ({ authorization: 'Bearer ..' })),
  withHeaders('AUTH-009', 'two tokens, of two tenants', (stand) => ({
    authorization: `Bearer ${stand.token()}, Bearer ${stand.token({ tenantId: 'globex' })}`,
  })),
  withHeaders('AUTH-011', 'a tab before the token', (stand) => ({ authorization: `Bearer\t${stand.token()} ` })),
  withToken('AUTH-013', 'alg none', (stand) => stand.token({}, { alg: 'none' }, unsigned)),
  withToken('AUTH-015', 'alg NONE', (stand) => stand.token({}, { alg: 'NONE' }, unsigned)),
  withToken('AUTH-017', 'an empty alg', (stand) => stand.token({}, { alg: '' }, unsigned)),
  withToken('AUTH-019', 'the public key as a secret, behind a comment', (stand) =>
    stand.token({}, { alg: 'HS256' }, withSecret(`# c\n${pemOf(stand)}`)),
  ),
  withToken('AUTH-021', 'an empty secret', (stand) => stand.token({}, { alg: 'HS256' }, withSecret(''))),
  withToken('AUTH-023', 'a path in the place of the id of a key', (stand) =>
    stand.token({}, { alg: 'HS256', kid: '../../../../dev/null' }, withSecret('')),
  ),
  withToken('AUTH-025', 'a place of keys that belongs to the attacker', (stand) =>
    stand.token({}, { jku: `${stand.trap.url}/jwks.json` }, stand.issuer.stranger.sign),
  ),
  withToken('AUTH-027', 'a key in the header', (stand) =>
    stand.token({}, { jwk: stand.issuer.stranger.jwk, kid: stand.issuer.stranger.kid }, stand.issuer.stranger.sign),
  ),
  withToken('AUTH-029', 'an end that is over', (stand) => stand.token({ exp: seconds() - 61 })),
  withToken('AUTH-031', 'no end', (stand) => stand.token({ exp: undefined })),
  withToken('AUTH-033', 'an end that is infinite', (stand) =>
    tokenWithPayload(stand, (payload) => payload.replace(/"exp":\d+/, '"exp":1e400')),
  ),
  withToken('AUTH-035', 'another issuer', (stand) => stand.token({ iss: 'https://issuer.example.evil' })),
  withToken('AUTH-037', 'a signature with padding', (stand) => `${stand.token()}=`),
  withToken('AUTH-039', 'two tenants', (stand) => stand.token({ tenantId: ['acme', 'globex'] })),
  withToken('AUTH-041', 'an empty tenant', (stand) => stand.token({ tenantId: '' })),
  {
    id: 'AUTH-043',
    name: 'a flood of tokens that name keys nobody has',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const first = stand.issuer.visits();
      await repeat(runsLong ? 5_000 : 100, 50, async () => {
        const token = stand.token({}, { kid: randomUUID() }, stand.issuer.stranger.sign);
        expect((await ask(stand.url, me, { authorization: `Bearer ${token}` })).status).toBe(401);
      });
      expect(stand.issuer.visits() - first).toBeLessThanOrEqual(3);
      expect((await ask(stand.url, me, { authorization: `Bearer ${stand.token()}` })).status).toBe(200);
      await checkAfter(stand, before);
    },
  },
  withHeaders('AUTH-045', 'a token of 1 MB', () => ({ authorization: `Bearer ${'A'.repeat(1_000_000)}` }), {
    // The headers are refused before they are read to their end: the connection may end before the answer is seen.
    status: [401, 431, 'closed'],
  }),
];

const swapCase = (text: string) =>
  text.replace(/[a-z]/gi, (letter) => (letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()));

/** A key that is genuine, but of no worth, says why: who holds it has to know. */
function knownKey(id: `AUTH-${string}`, name: string, kind: 'expired', reason: string): Attack {
  return {
    id,
    name,
    run: async (stand) => {
      const { key, spoil } = await mintKey(stand, { permissions: ['*'], allowedApps: ['crm-web'] });
      await spoil(kind);
      const before = await lookBefore(stand);
      const { status, errors, data, text } = await ask(stand.url, me, { 'x-tenant-key': key });
      expect({ status, errors, data }).toMatchObject({
        status: 401,
        errors: [{ extensions: { code: 'UNAUTHENTICATED', reason } }],
      });
      expect(data).toBeUndefined();
      checkBody(text, key);
      await checkAfter(stand, before);
    },
  };
}

const appRefused: SafeAnswer = { status: [403], codes: ['FORBIDDEN'], details: { reason: 'APP_NOT_ALLOWED' } };

const keyAttacks: readonly Attack[] = [
  withHeaders('AUTH-063', 'a key without its last letter', async (stand) => ({
    'x-tenant-key': (await mintKey(stand)).key.slice(0, -1),
  })),
  withHeaders('AUTH-065', 'a key with its capitals turned round', async (stand) => ({
    'x-tenant-key': swapCase((await mintKey(stand)).key),
  })),
  {
    id: 'AUTH-067',
    name: 'a key with blanks around it',
    run: async (stand) => {
      const before = await lookBefore(stand);
      const { key } = await mintKey(stand, { permissions: [], allowedApps: ['crm-web'] });
      const nobody = await send(stand.url, { body: me });
      for (const padded of [`\u00a0${key}`, `${key}\u00a0`, `"${key}"`, `${key},`, `${key}\t${key}`]) {
        const { status, body } = await send(stand.url, { headers: { 'x-tenant-key': padded }, body: me });
        expect([padded.length, status, body]).toEqual([padded.length, nobody.status, nobody.body]);
      }
      // Blanks around the value of a header are no part of it (RFC 9110, section 5.5): the server never sees them.
      expect((await send(stand.url, { headers: { 'x-tenant-key': ` ${key} ` }, body: me })).status).toBe(200);
      await checkAfter(stand, { ...before, acme: await stand.rowsOf('acme') });
    },
  },
  withHeaders('AUTH-069', 'a key of 15,000 letters', () => ({ 'x-tenant-key': 'A'.repeat(15_000) }), {
    status: [401, 431],
  }),
  knownKey('AUTH-071', 'a key whose time is over', 'expired', 'KEY_EXPIRED'),
  withHeaders(
    'AUTH-073',
    'a key from an app that it is not for',
    async (stand) => ({
      'x-tenant-key': (await mintKey(stand, { allowedApps: ['crm-web'] })).key,
      'x-source-app': 'billing',
    }),
    appRefused,
  ),
  withHeaders(
    'AUTH-075',
    'two apps at once',
    async (stand) => ({
      'x-tenant-key': (await mintKey(stand, { allowedApps: ['crm-web'] })).key,
      'x-source-app': 'crm-web, billing',
    }),
    appRefused,
  ),
  withHeaders('AUTH-077', 'a key of one tenant and a token of another', (stand) => ({
    'x-tenant-key': keyOfAcme,
    authorization: `Bearer ${stand.token({ tenantId: 'globex' })}`,
  })),
  {
    id: 'AUTH-079',
    name: 'the time that a wrong key takes',
    run: async (stand) => {
      const { key } = await mintKey(stand);
      const guesses = guessesNear(key);
      // What is looked up is a digest: the same number of the same statements, whatever a guess has in common with a key.
      const digests = guesses.map((guess) => digestApiKey(stand.secret, guess).toString('hex'));
      expect(new Set(digests).size).toBe(guesses.length);
      expect(guesses.every((guess) => isApiKey(guess, false))).toBe(true);
      const answers = await Promise.all(
        guesses.map((guess) => send(stand.url, { headers: { 'x-tenant-key': guess }, body: me })),
      );
      expect(new Set(answers.map(({ status, body }) => `${status} ${body}`)).size).toBe(1);
      if (runsLong) await compareTimes(stand, key);
    },
  },
];

/** A wrong secret behind the right prefix, another prefix, the first letter right, all letters but the last right. */
function guessesNear(key: string): string[] {
  const { key: other } = makeApiKey();
  const [, prefix = ''] = key.split('_');
  const secret = key.slice(12);
  const [, otherPrefix = ''] = other.split('_');
  const last = key.endsWith('A') ? 'B' : 'A';
  return [
    `pk_${prefix}_${other.slice(12)}`,
    `pk_${otherPrefix}_${other.slice(12)}`,
    `pk_${otherPrefix}_${secret.slice(0, 1)}${other.slice(13)}`,
    `pk_${prefix}_${secret.slice(0, -1)}${last}`,
  ];
}

/** Times each kind of guess, in turns, and compares them: Welch's t within 4.5, as the method of dudect has it. */
async function compareTimes(stand: Stand, key: string): Promise<void> {
  // So many wrong guesses would be refused for their number alone.
  const rateLimiter = createRateLimiter(createMemoryRateLimitStore(), noRateLimits);
  const url = await stand.openGateway({ rateLimiter });
  const samples: number[][] = [[], [], [], []];
  for (let round = 0; round < 20_000; round += 1) {
    for (const [kind, guess] of guessesNear(key).entries()) {
      const began = performance.now();
      await send(url, { headers: { 'x-tenant-key': guess }, body: me });
      samples[kind]?.push(performance.now() - began);
    }
  }
  const [first = [], ...others] = samples;
  for (const other of others) {
    expect(Math.abs(welchT(first, other))).toBeLessThan(4.5);
    expect(Math.abs(medianOf(first) - medianOf(other))).toBeLessThan(0.02);
  }
}

/** What credentials can be forged, stolen or stretched to. */
export const credentialAttacks: readonly Attack[] = [...tokenAttacks, ...keyAttacks];
