import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createJwks } from '../../gateway/admission/jwks.ts';
import { createTokenReader } from '../../gateway/admission/read-token.ts';
import { createJwtVerifier, type JwtVerifier } from '../../gateway/admission/verify-jwt.ts';
import { createIssuerKey, forgeJwt, type IssuerKey, withSecret } from '../support/jwt.ts';
import { loggerOfTest } from '../support/output-of-run.ts';

const issuer = 'https://issuer.example';
const halfMinute = 30_000;

/** An issuer with a key set at a URL. */
interface Issuer {
  readonly url: string;
  /** How often the key set was fetched. */
  readonly fetches: () => number;
  /** What the key set is, from now on. */
  publish(...keys: readonly IssuerKey[]): void;
  /** What is answered in its place, from now on. */
  fail(status: number, body: string, headers?: Record<string, string>): void;
  stop(): Promise<void>;
}

async function startIssuer(): Promise<Issuer> {
  let fetches = 0;
  let answer: { status: number; body: string; headers: Record<string, string> };
  const server = createServer((_, response) => {
    fetches += 1;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  const fail: Issuer['fail'] = (status, body, headers = {}) => {
    answer = { status, body, headers };
  };
  const publish: Issuer['publish'] = (...keys) => fail(200, JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
  publish();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`,
    fetches: () => fetches,
    publish,
    fail,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('the keys of an issuer', () => {
  let source: Issuer;
  let verify: JwtVerifier;
  /** The clock of the keys; it stands still unless a test moves it. */
  let now: number;
  let serial = 0;

  beforeEach(async () => {
    source = await startIssuer();
    now = 1_000_000;
    verify = createJwtVerifier({
      key: createJwks({ url: source.url, logger: loggerOfTest('the gate'), now: () => now }),
      algorithms: ['RS256', 'ES256', 'EdDSA'],
      issuer,
      clockSkewSeconds: 30,
      claims: { tenant: 'tenant', app: 'app', user: 'sub', permissions: 'scope', roles: 'roles' },
    });
  });
  afterEach(() => source.stop());

  /** A token that was not seen before: what was verified is remembered for a moment. */
  function tokenOf(key: IssuerKey, head: object = {}): string {
    serial += 1;
    const exp = Math.floor(Date.now() / 1000) + 300;
    const claims = { iss: issuer, exp, jti: `token-${serial}`, tenant: 'acme', app: 'crm-web' };
    return forgeJwt({ alg: key.alg, kid: key.kid, ...head }, claims, key.sign);
  }

  const isTaken = (token: string) => verify(token).then(() => true);
  const refusal = (token: string) => verify(token).catch((error) => error.extensions?.code ?? error.message);

  test('verify tokens of every kind, and are fetched once', async () => {
    const keys = (['RS256', 'ES256', 'EdDSA'] as const).map(createIssuerKey);
    source.publish(...keys);
    const taken = await Promise.all(keys.flatMap((key) => [isTaken(tokenOf(key)), isTaken(tokenOf(key))]));
    expect(taken).toEqual(Array(6).fill(true));
    expect(source.fetches()).toBe(1);
  });

  test('verify tokens as a configuration says, with claims where it says', async () => {
    const key = createIssuerKey('ES256');
    source.publish(key);
    const read = createTokenReader({
      jwt: {
        key: { jwksUrl: source.url },
        issuer,
        algorithms: ['ES256'],
        clockSkewSeconds: 0,
        claims: { tenant: 'org.id', app: 'azp', user: 'sub', permissions: 'permissions', roles: 'realm.roles' },
        defaults: { tenant: 'acme', app: 'web' },
      },
      logger: loggerOfTest('the gate'),
    });
    const exp = Math.floor(Date.now() / 1000) + 300;
    const token = (claims: object) =>
      forgeJwt({ alg: 'ES256', kid: key.kid }, { iss: issuer, exp, ...claims }, key.sign);
    const claims = {
      org: { id: 'globex' },
      azp: 'crm',
      sub: 'ada',
      permissions: ['a:b'],
      realm: { roles: 'agent lead' },
    };
    expect(await read(token(claims))).toEqual({
      tenantId: 'globex',
      app: 'crm',
      userId: 'ada',
      roles: ['agent', 'lead'],
      permissions: ['a:b'],
      keyId: undefined,
      credentialId: 'token/ada',
      expiresAt: exp * 1000,
    });
    expect(await read(token({ key: 'key-1' }))).toMatchObject({ tenantId: 'acme', app: 'web', keyId: undefined });
    await expect(read(token({ org: { id: 7 } }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(read(token({ aud: 'anybody', iss: 'another' }))).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('are fetched again for a key that is not known, after half a minute', async () => {
    const [old, next] = [createIssuerKey('ES256'), createIssuerKey('ES256')];
    source.publish(old);
    expect(await isTaken(tokenOf(old))).toBe(true);
    source.publish(old, next);
    now += halfMinute - 1;
    expect(await refusal(tokenOf(next))).toBe('UNAUTHENTICATED');
    now += 1;
    expect(await isTaken(tokenOf(next))).toBe(true);
    expect(source.fetches()).toBe(2);
  });

  test('are not fetched for each of many tokens with made-up keys, which hold nobody else up', async () => {
    const [real, forged] = [createIssuerKey('ES256'), createIssuerKey('ES256')];
    source.publish(real);
    const flood = Array.from({ length: 500 }, (_, index) => refusal(tokenOf(forged, { kid: `made-up-${index}` })));
    const honest = Array.from({ length: 20 }, () => isTaken(tokenOf(real)));
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['UNAUTHENTICATED']));
    expect(await Promise.all(honest)).toEqual(Array(20).fill(true));
    now += halfMinute;
    await Promise.all([1, 2, 3].map((index) => refusal(tokenOf(forged, { kid: `later-${index}` }))));
    expect(source.fetches()).toBe(2);
  });

  test('keep their worth while the issuer cannot be reached', async () => {
    const key = createIssuerKey('ES256');
    source.publish(key);
    expect(await isTaken(tokenOf(key))).toBe(true);
    for (const [status, body] of [
      [503, ''],
      [200, 'nonsense'],
      [200, '{"keys":7}'],
    ] as const) {
      source.fail(status, body);
      now += 3_600_000;
      expect(await refusal(tokenOf(createIssuerKey('ES256')))).toBe('UNAUTHENTICATED');
      expect(await isTaken(tokenOf(key))).toBe(true);
    }
    expect(source.fetches()).toBe(4);
  });

  test('lose it once the issuer has withdrawn them', async () => {
    const [old, next] = [createIssuerKey('ES256'), createIssuerKey('ES256')];
    source.publish(old);
    expect(await isTaken(tokenOf(old))).toBe(true);
    source.publish(next);
    now += halfMinute;
    expect(await isTaken(tokenOf(next))).toBe(true);
    expect(await refusal(tokenOf(old))).toBe('UNAUTHENTICATED');
  });

  test('that never came are no mistake of the token, and are asked for again', async () => {
    const key = createIssuerKey('ES256');
    source.fail(302, '', { location: source.url });
    expect(await refusal(tokenOf(key))).toBe('The keys of the issuer of tokens are not there.');
    source.publish(key);
    now += 5_000;
    expect(await isTaken(tokenOf(key))).toBe(true);
  });

  test('verify no signature of another kind', async () => {
    const key = createIssuerKey('RS256');
    source.publish(key);
    const pem = key.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const claims = { iss: issuer, exp: 9_999_999_999, tenant: 'acme', app: 'crm-web' };
    for (const alg of ['HS256', 'none', 'RS512', 'ES256']) {
      const token = forgeJwt({ alg, kid: key.kid }, claims, alg === 'HS256' ? withSecret(pem) : key.sign);
      expect(await refusal(token)).toBe('UNAUTHENTICATED');
    }
    expect(await refusal(tokenOf(key, { jku: source.url }))).toBe('UNAUTHENTICATED');
    expect(await refusal(tokenOf(createIssuerKey('RS256'), { kid: key.kid }))).toBe('UNAUTHENTICATED');
  });
});
