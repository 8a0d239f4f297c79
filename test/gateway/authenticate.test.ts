import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createAuthenticator } from '../../gateway/admission/authenticator.ts';
import { principalOf } from '../../gateway/admission/identity.ts';
import { createTokenReader } from '../../gateway/admission/read-token.ts';
import { createAccessTokenIssuer } from '../../kernel/tenancy/access-token.ts';
import { deriveKey } from '../../kernel/tenancy/derive-key.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../kernel/tenancy/principal.ts';
import { createCallSigner } from '../../kernel/tenancy/subgraph-token.ts';
import {
  type AnonymousGateway,
  openAnonymousGateway,
  serveSubgraphs,
} from '../support/federation/anonymous-gateway.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';
import { createIssuerKey, forgeJwt, type Signer, withSecret } from '../support/jwt.ts';
import { loggerOfTest } from '../support/output-of-run.ts';

const platformSecret = 'the secret of the platform, in this test';
const sharedSecret = 'a secret that the issuer and the gateway share';
const issuer = 'https://issuer.example';
const audience = 'panorama-test';
const header = { alg: 'HS256', typ: 'JWT' };
const seconds = () => Math.floor(Date.now() / 1000);

const validClaims = () => ({
  iss: issuer,
  aud: audience,
  exp: seconds() + 300,
  jti: 'token-1',
  sub: 'ada',
  tenant: 'acme',
  app: 'crm-web',
  scope: 'read:leads write:leads',
  roles: ['agent'],
});

const tokenWith = (claims: object, head: object = {}, signer: Signer = withSecret(sharedSecret)) =>
  forgeJwt({ ...header, ...head }, { ...validClaims(), ...claims }, signer);

const tokenWithout = (claim: string) =>
  forgeJwt(header, Object.fromEntries(Object.entries(validClaims()).filter(([name]) => name !== claim)), sign);

const sign = withSecret(sharedSecret);
const grant = { tenantId: parseTenantId('acme'), app: 'crm-web', userId: 'ada', permissions: ['read:leads'] };
const accessToken = (secret = platformSecret, expiresAt = new Date(Date.now() + 60_000)) =>
  createAccessTokenIssuer(secret)({ ...grant, keyId: 'key-1', expiresAt });

const subgraph = createTestSubgraph('greetings', 'type Query { hello: String }', { Query: { hello: () => 'Hello' } });
const logger = loggerOfTest('the gate');

/** The one key that this gateway knows. */
async function readKey(key: string) {
  if (key !== 'key-of-acme') throw new Error('No other key is sent here.');
  return createPrincipal({ ...grant, credentialId: key, permissions: ['*'] });
}

const claimNames = { tenant: 'tenant', app: 'app', user: 'sub', permissions: 'scope', roles: 'roles' };
const jwt = {
  key: { secret: sharedSecret },
  issuer,
  audience,
  algorithms: ['HS256'],
  clockSkewSeconds: 30,
  claims: claimNames,
} as const;

function open({ admitsAnonymous }: { readonly admitsAnonymous: boolean }) {
  const readToken = createTokenReader({ secret: platformSecret, jwt, logger });
  const authenticator = createAuthenticator({ readKey, readToken, principalFor: principalOf });
  return openAnonymousGateway(serveSubgraphs([subgraph]), {
    access: { kind: 'authenticated', authenticator, introspection: false, admitsAnonymous },
  });
}

let gateway: AnonymousGateway;
beforeAll(async () => {
  gateway = await open({ admitsAnonymous: false });
});
afterAll(() => gateway.stop());
beforeEach(() => {
  subgraph.requests.length = 0;
});

type SentHeaders = Record<string, string | readonly string[]>;

/** Unlike `fetch`, it sends a header as often as it is told. */
async function ask(headers: SentHeaders, url = gateway.url) {
  const request = httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
  request.end('{"query":"{ hello }"}');
  const [response] = await once(request, 'response');
  return {
    status: response.statusCode as number,
    challenge: response.headers['www-authenticate'] as string | undefined,
    body: (await json(response)) as { data?: unknown; errors?: { extensions: Record<string, unknown> }[] },
  };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const principalSeen = () => subgraph.requests[0]?.context.principal;

describe('a token', () => {
  test('of an issuer whose secret the gateway shares makes the principal that its claims say', async () => {
    expect(await ask(bearer(tokenWith({})))).toMatchObject({ status: 200, body: { data: { hello: 'Hello' } } });
    expect(principalSeen()).toEqual({
      tenantId: 'acme',
      app: 'crm-web',
      userId: 'ada',
      roles: ['agent'],
      permissions: ['read:leads', 'write:leads'],
      limits: {},
      credentialId: 'token/token-1',
      expiresAt: expect.any(Number),
    });
  });

  test('of the platform makes a principal that names its key', async () => {
    expect((await ask(bearer(accessToken()))).status).toBe(200);
    expect(principalSeen()).toMatchObject({ tenantId: 'acme', app: 'crm-web', userId: 'ada', roles: [] });
    expect(principalSeen()?.permissions).toEqual(['read:leads']);
    expect(principalSeen()?.credentialId).toMatch(/^key-1\/[\w-]{36}$/);
  });

  test.each<[string, unknown, readonly string[]]>([
    ['a list', ['read:leads', 'read:deals'], ['read:leads', 'read:deals']],
    ['null', null, []],
    ['a list in a list', [['*']], []],
    ['an object', { '*': true }, []],
    ['a text with commas', 'read:leads,write:leads', ['read:leads,write:leads']],
    ['a text with a space at its end', 'write:leads ', ['write:leads']],
    ['a list with what is no scope', ['write:leads ', 'a"b', '', 7], []],
  ])('whose permissions are %s has these', async (_, scope, permissions) => {
    expect((await ask(bearer(tokenWith({ scope })))).status).toBe(200);
    expect(principalSeen()?.permissions).toEqual(permissions);
  });

  test('may name the same app as `x-source-app`, and no other', async () => {
    const token = bearer(tokenWith({}));
    expect((await ask({ ...token, 'x-source-app': 'crm-web' })).status).toBe(200);
    for (const app of ['dashboard', 'crm-web, dashboard', ['crm-web', 'dashboard']]) {
      const { status, body } = await ask({ ...token, 'x-source-app': app });
      expect([status, body.errors?.[0]?.extensions]).toEqual([403, { code: 'FORBIDDEN', reason: 'APP_NOT_ALLOWED' }]);
    }
    expect(subgraph.requests).toHaveLength(1);
  });

  test('holds for the clock skew after its end, and before its beginning', async () => {
    expect((await ask(bearer(tokenWith({ exp: seconds() - 5, nbf: seconds() - 60 })))).status).toBe(200);
    expect((await ask(bearer(tokenWith({ nbf: seconds() + 10 })))).status).toBe(200);
  });
});

describe('a credential that is none', () => {
  const rsa = createIssuerKey('RS256');
  const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const derived = (purpose: 'subgraph-token' | 'access-token'): Signer =>
    withSecret(deriveKey(platformSecret, purpose).export());
  const subgraphToken = () => {
    const principal = createPrincipal({ ...grant, credentialId: 'key-1' });
    return createCallSigner(platformSecret, 'greetings')({ principal, correlationId: 'c' });
  };
  const own = { typ: 'panorama-access+jwt' };

  test.each<[string, () => SentHeaders]>([
    ['an empty token', () => ({ authorization: 'Bearer ' })],
    ['`undefined`', () => bearer('undefined')],
    ['two dots', () => bearer('..')],
    ['two tokens', () => ({ authorization: `Bearer ${tokenWith({})}, Bearer ${tokenWith({})}` })],
    ['a token twice', () => ({ authorization: [`Bearer ${tokenWith({})}`, `Bearer ${tokenWith({})}`] })],
    ['a tab before the token', () => ({ authorization: `Bearer\t${tokenWith({})}` })],
    ['a token without a scheme', () => ({ authorization: tokenWith({}) })],
    ['another scheme', () => ({ authorization: `Basic ${Buffer.from('ada:secret').toString('base64')}` })],
    ['a key and a token', () => ({ ...bearer(tokenWith({})), 'x-tenant-key': 'key-of-acme' })],
    ['a key and another scheme', () => ({ authorization: 'Basic YTpi', 'x-tenant-key': 'key-of-acme' })],
    ['a token of 9 kB', () => bearer(tokenWith({ note: 'x'.repeat(6_500) }))],
    ['alg none', () => bearer(tokenWith({}, { alg: 'none' }, () => ''))],
    ['alg none, and a signature', () => bearer(tokenWith({}, { alg: 'none' }))],
    ['alg NONE', () => bearer(tokenWith({}, { alg: 'NONE' }))],
    ['no alg', () => bearer(forgeJwt({ typ: 'JWT' }, validClaims(), sign))],
    ['an empty alg', () => bearer(tokenWith({}, { alg: '' }))],
    ['another alg of the same kind', () => bearer(tokenWith({}, { alg: 'HS512' }))],
    ['an alg that is not on the list', () => bearer(tokenWith({}, { alg: 'RS256', kid: rsa.kid }, rsa.sign))],
    ['a public key as the secret', () => bearer(tokenWith({}, {}, withSecret(pem)))],
    ['a comment and a public key as the secret', () => bearer(tokenWith({}, {}, withSecret(`# c\n${pem}`)))],
    ['no secret', () => bearer(tokenWith({}, {}, withSecret('')))],
    ['a path as kid, and no secret', () => bearer(tokenWith({}, { kid: '../../dev/null' }, withSecret('')))],
    ['another secret', () => bearer(tokenWith({}, {}, withSecret(`${sharedSecret}.`)))],
    ['a place of keys (jku)', () => bearer(tokenWith({}, { jku: 'http://127.0.0.1:9/jwks.json' }))],
    ['a place of keys (x5u)', () => bearer(tokenWith({}, { x5u: 'http://127.0.0.1:9/jwks.json' }))],
    ['a key inside', () => bearer(tokenWith({}, { alg: 'RS256', jwk: rsa.jwk }, rsa.sign))],
    ['a critical extension', () => bearer(tokenWith({}, { crit: ['exp'], exp: 0 }))],
    ['an unencoded payload', () => bearer(tokenWith({}, { crit: ['b64'], b64: false }))],
    ['a signature with padding', () => bearer(`${tokenWith({})}=`)],
    ['a signature that decodes to the same bytes', () => bearer(nonCanonical(tokenWith({})))],
    ['a header that is no JSON', () => bearer(forgeJwt('{', validClaims(), sign))],
    ['a payload that is a list', () => bearer(forgeJwt(header, '[]', sign))],
    ['an end a minute ago', () => bearer(tokenWith({ exp: seconds() - 61 }))],
    ['no end', () => bearer(tokenWithout('exp'))],
    ['an end that is a text', () => bearer(tokenWith({ exp: String(seconds() + 300) }))],
    [
      'an end that is infinite',
      () => bearer(forgeJwt(header, JSON.stringify(validClaims()).replace(/"exp":\d+/, '"exp":1e400'), sign)),
    ],
    ['a beginning that is still to come', () => bearer(tokenWith({ nbf: seconds() + 120 }))],
    ['another issuer', () => bearer(tokenWith({ iss: 'https://issuer.example.evil' }))],
    ['no issuer', () => bearer(tokenWithout('iss'))],
    ['another audience', () => bearer(tokenWith({ aud: 'somebody' }))],
    ['no audience', () => bearer(tokenWithout('aud'))],
    ['no tenant', () => bearer(tokenWithout('tenant'))],
    ['an empty tenant', () => bearer(tokenWith({ tenant: '' }))],
    ['two tenants', () => bearer(tokenWith({ tenant: ['acme', 'globex'] }))],
    ['a tenant that is no id', () => bearer(tokenWith({ tenant: '__proto__' }))],
    ['no app', () => bearer(tokenWithout('app'))],
    ['a user that is a list', () => bearer(tokenWith({ sub: ['ada'] }))],
    [
      'the marks of the platform, and the shared secret',
      () => bearer(tokenWith({ iss: 'panorama', aud: 'panorama' }, own)),
    ],
    ['the marks of the issuer, and the key of the platform', () => bearer(tokenWith({}, {}, derived('access-token')))],
    ['an access token of another platform', () => bearer(accessToken('the secret of another platform'))],
    ['an access token that has ended', () => bearer(accessToken(platformSecret, new Date(Date.now() - 1_000)))],
    ['a token for a subgraph', () => bearer(subgraphToken())],
    [
      'an access token signed with the key of another purpose',
      () =>
        bearer(
          forgeJwt(
            { ...header, ...own },
            { ...validClaims(), iss: 'panorama', aud: 'panorama', permissions: ['*'] },
            derived('subgraph-token'),
          ),
        ),
    ],
  ])('is refused like no credential, before any fetch: %s', async (_, headers) => {
    const without = await ask({});
    expect(without).toEqual({
      status: 401,
      challenge: 'Bearer',
      body: { errors: [{ message: expect.any(String), extensions: { code: 'UNAUTHENTICATED' } }] },
    });
    const refused = await ask(headers());
    expect([refused.status, refused.body]).toEqual([401, without.body]);
    expect(refused.challenge).toMatch(/^Bearer error="invalid_token", error_description="[\w ]+\."$/);
    expect(subgraph.requests).toEqual([]);
  });

  test('is refused where callers without credentials are admitted', async () => {
    const admitting = await open({ admitsAnonymous: true });
    try {
      expect((await ask({}, admitting.url)).status).toBe(200);
      expect((await ask(bearer('undefined'), admitting.url)).status).toBe(401);
      expect((await ask(bearer(tokenWith({})), admitting.url)).status).toBe(200);
      expect(subgraph.requests.map(({ context }) => context.principal?.tenantId)).toEqual([undefined, 'acme']);
    } finally {
      await admitting.stop();
    }
  });
});

/** The last character of a signature of 32 bytes holds two bits that mean nothing. */
function nonCanonical(token: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + alphabet[alphabet.indexOf(token.slice(-1)) + 1];
}
