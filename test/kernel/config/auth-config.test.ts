import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readGatewayConfig } from '../../../kernel/config/gateway-config.ts';
import { readSettings } from '../../../kernel/config/settings.ts';
import { createDataDirectory } from '../../support/platform.ts';

const secret = 'a secret of more than thirty-two characters';
const claims = { tenant: 'tenant', app: 'app', user: 'sub', permissions: 'scope', roles: 'roles' };

let directory: Awaited<ReturnType<typeof createDataDirectory>>;
beforeEach(async () => {
  directory = await createDataDirectory();
});
afterEach(() => directory.remove());

async function write(text: string): Promise<string> {
  const file = join(directory.path, 'settings.yaml');
  await writeFile(file, text);
  return file;
}

const readGateway = async (text: string) => readGatewayConfig(await write(text));
const readPlatform = async (text: string) => readSettings({ PANORAMA_CONFIG: await write(text) }, {});

describe('the section `auth`', () => {
  test('names the secret of an issuer, and has a default for the rest', async () => {
    const jwt = { key: { secret }, algorithms: ['HS256'], clockSkewSeconds: 30, claims };
    expect((await readGateway(`auth: {jwt: {secret: ${secret}}}`)).auth).toEqual({ jwt });
    expect((await readPlatform(`PORT: 4001\nauth: {jwt: {secret: ${secret}}}`)).auth).toEqual({ jwt });
  });

  test('names the place of keys, and the claims', async () => {
    const jwt =
      'jwksUrl: https://a.example/jwks, issuer: https://a.example, claims: {tenant: org.id}, algorithms: [ES256]';
    expect((await readGateway(`auth: {anonymous: true, jwt: {${jwt}}}`)).auth).toEqual({
      anonymous: true,
      jwt: {
        key: { jwksUrl: 'https://a.example/jwks' },
        issuer: 'https://a.example',
        algorithms: ['ES256'],
        clockSkewSeconds: 30,
        claims: { ...claims, tenant: 'org.id' },
      },
    });
  });

  test('may be left out', async () => {
    expect((await readGateway('')).auth).toBeUndefined();
    expect((await readPlatform('PORT: 4001')).auth).toBeUndefined();
  });

  const url = 'jwksUrl: https://a.example/jwks';
  test.each([
    ['no key', '{jwt: {issuer: a}}', 'auth.jwt: Either `secret` or `jwksUrl` is needed.'],
    ['two kinds of keys', `{jwt: {secret: ${secret}, ${url}, issuer: a}}`, 'auth.jwt: Either `secret` or `jwksUrl`'],
    ['a short secret', '{jwt: {secret: "0123456789"}}', 'auth.jwt.secret: At least 32 characters'],
    ['keys of an issuer without a name', `{jwt: {${url}}}`, 'auth.jwt.issuer: With `jwksUrl` the issuer is needed'],
    ['public keys as secrets', `{jwt: {${url}, issuer: a, algorithms: [RS256, HS256]}}`, 'auth.jwt.algorithms: HS256'],
    ['a secret as a public key', `{jwt: {secret: ${secret}, algorithms: [RS256]}}`, 'auth.jwt.algorithms: RS256'],
    ['no signature', `{jwt: {secret: ${secret}, algorithms: [none]}}`, 'auth.jwt.algorithms.0'],
    ['no algorithm', `{jwt: {secret: ${secret}, algorithms: []}}`, 'auth.jwt.algorithms'],
    [
      'keys in a file',
      '{jwt: {jwksUrl: "file:///etc/keys", issuer: a}}',
      'auth.jwt.jwksUrl: A URL that begins with http',
    ],
    ['an hour of tolerance', `{jwt: {secret: ${secret}, clockSkewSeconds: 3600}}`, 'auth.jwt.clockSkewSeconds'],
    ['a tenant that is none', `{jwt: {secret: ${secret}, defaults: {tenant: "A B"}}}`, 'auth.jwt.defaults.tenant'],
    ['an unknown key', `{jwt: {secret: ${secret}, jwksUri: a}}`, 'Did you mean "jwksUrl"?'],
  ])('is refused for %s, on both', async (_, auth, message) => {
    await expect(readGateway(`auth: ${auth}`)).rejects.toThrow(message);
    await expect(readPlatform(`auth: ${auth}`)).rejects.toThrow(message);
  });

  test('that takes no token at all is refused', async () => {
    await expect(readGateway('auth: {anonymous: true}')).rejects.toThrow('Say what is taken');
    await expect(readPlatform('auth: {accessTokens: true}')).rejects.toThrow('There is no key "accessTokens"');
  });

  test('does not tell a secret that it refuses', async () => {
    const refusal = readGateway('auth: {jwt: {secret: hush-hush}}\neverySubgraph: {token: {secret: hush-hush}}');
    await expect(refusal).rejects.toThrow(/auth\.jwt\.secret.*\n.*everySubgraph\.token\.secret/);
    await expect(refusal).rejects.not.toThrow('hush-hush');
  });
});

test('the header of the token cannot be passed on from a client', async () => {
  await expect(readGateway('everySubgraph: {forwardHeaders: [X-Service-Token]}')).rejects.toThrow('set by the gateway');
});
