import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { createAutomaticDocuments } from '../../gateway/admission/automatic-documents.ts';
import { noTrustedDocuments, trustDocuments } from '../../gateway/admission/trusted-documents.ts';
import { readDocumentManifest } from '../../kernel/config/document-manifest.ts';
import { suiteLimits } from '../../kernel/config/operation-limits.ts';
import { accessWith, type GuardedGateway, openGuardedGateway } from '../support/federation/guarded-gateway.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const persisted = (sha256Hash: unknown) => ({ persistedQuery: { version: 1, sha256Hash } });
const as = (key: string) => ({ 'x-tenant-key': key });

const access = accessWith({
  acme: { tenant: 'acme' },
  kiosk: { tenant: 'acme', app: 'kiosk' },
  globex: { tenant: 'globex' },
});

describe('documents that clients register', () => {
  let gateway: GuardedGateway;

  beforeAll(async () => {
    gateway = await openGuardedGateway({ access, limits: suiteLimits });
  });

  afterAll(() => gateway.stop());
  afterEach(() => {
    gateway.subgraph.requests.length = 0;
  });

  const query = 'query Me { me { name } }';
  const extensions = persisted(hashOf(query));

  test('are asked for as clients expect it, then answered by hash, by POST and GET', async () => {
    const unknown = await gateway.post({ operationName: 'Me', extensions });
    expect(unknown.status).toBe(200);
    expect(unknown.data).toBeUndefined();
    expect(unknown.errors).toMatchObject([
      { message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } },
    ]);
    const me = { me: { name: 'Grace' } };
    expect((await gateway.post({ query, operationName: 'Me', extensions })).data).toEqual(me);
    expect((await gateway.post({ operationName: 'Me', extensions })).data).toEqual(me);
    expect((await gateway.get({ operationName: 'Me', extensions: JSON.stringify(extensions) })).data).toEqual(me);
  });

  test('of one tenant are unknown to every other', async () => {
    await gateway.post({ query, extensions });
    const { errors } = await gateway.post({ extensions }, as('globex'));
    expect(errors).toMatchObject([{ message: 'PersistedQueryNotFound' }]);
  });

  test.each([
    ['a hash of something else', persisted('deadbeef')],
    ['no text as hash', persisted(7)],
    ['another version', { persistedQuery: { version: 2, sha256Hash: hashOf(query) } }],
    ['no object', { persistedQuery: 'x' }],
  ])('are not taken with %s, and nothing runs', async (_, wrong) => {
    const body = { query: 'mutation { createLead(input: {name: "apq"}) { id } }', extensions: wrong };
    expect(await gateway.post(body)).toMatchObject({
      status: 400,
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    expect(gateway.subgraph.requests).toEqual([]);
  });

  test('are held to the same limits', async () => {
    const wide = `{ ${'__typename '.repeat(500)} }`;
    const refused = { status: 400, errors: [{ extensions: { limit: 'rootFields' } }] };
    expect(await gateway.post({ query: wide, extensions: persisted(hashOf(wide)) })).toMatchObject(refused);
    expect(await gateway.post({ extensions: persisted(hashOf(wide)) })).toMatchObject(refused);
  });

  test('take no more memory than they may', async () => {
    const documents = createAutomaticDocuments(10_000);
    const texts = Array.from({ length: 100 }, (_, i) => `{ a${i}: me { id } } # ${'x'.repeat(200)}`);
    for (const text of texts) documents.keep(undefined, hashOf(text), text);
    const kept = texts.filter((text) => documents.textOf(undefined, hashOf(text)) !== undefined);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.length).toBeLessThan(30);
    expect(kept.at(-1)).toBe(texts.at(-1));
  });

  test('are not taken where they are switched off', async () => {
    const closed = await openGuardedGateway({ access, documents: { trusted: noTrustedDocuments, only: new Set() } });
    const { status, errors } = await closed.post({ query, extensions });
    await closed.stop();
    expect(status).toBe(200);
    expect(errors).toMatchObject([
      { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } },
    ]);
  });
});

describe('trusted documents', () => {
  const trusted = 'query Me { me { name } }';
  const manifest = JSON.stringify({
    format: 'apollo-persisted-query-manifest',
    version: 1,
    operations: [{ id: hashOf(trusted), name: 'Me', type: 'query', body: trusted }],
  });
  let gateway: GuardedGateway;

  beforeAll(async () => {
    const documents = [...readDocumentManifest('m.json', manifest), ['ab12', '{ me { id } }'] as const];
    gateway = await openGuardedGateway({
      access,
      documents: {
        trusted: trustDocuments('m.json', documents),
        only: new Set(['kiosk']),
        automatic: createAutomaticDocuments(100_000),
      },
    });
  });

  afterAll(() => gateway.stop());

  test.each([
    ['the hash', { extensions: persisted(hashOf(trusted)) }],
    ['the text', { query: trusted }],
    ['both', { query: trusted, extensions: persisted(hashOf(trusted)) }],
    ['an id', { documentId: hashOf(trusted) }],
    ['an id that names its algorithm', { documentId: `sha256:${hashOf(trusted)}` }],
  ])('are sent by an app that may send nothing else, as %s', async (_, body) => {
    expect((await gateway.post(body, as('kiosk'))).data).toEqual({ me: { name: 'Grace' } });
  });

  test('have the ids that the manifest gives them', async () => {
    expect((await gateway.post({ documentId: 'ab12' }, as('kiosk'))).data).toEqual({ me: { id: 'u1' } });
    expect((await gateway.post({ documentId: 'cd34' })).errors).toMatchObject([{ message: 'PersistedQueryNotFound' }]);
  });

  test.each([
    ['another text', { query: '{ me { name } }' }],
    ['another text with its hash', { query: '{ me { name } }', extensions: persisted(hashOf('{ me { name } }')) }],
    ['another text with a trusted hash', { query: '{ __typename }', extensions: persisted(hashOf(trusted)) }],
    ['nothing', {}],
  ])('are all that such an app may send: %s is refused', async (_, body) => {
    // Another app of the tenant registers the text; the list of the app that may not stays what it is.
    await gateway.post({ query: '{ me { name } }', extensions: persisted(hashOf('{ me { name } }')) }, as('acme'));
    expect(await gateway.post(body, as('kiosk'))).toMatchObject({
      status: 403,
      errors: [{ extensions: { code: 'FORBIDDEN', reason: 'DOCUMENT_NOT_TRUSTED' } }],
    });
  });

  test('are not all that other apps may send', async () => {
    expect((await gateway.post({ query: '{ me { id } }' }, as('acme'))).data).toEqual({ me: { id: 'u1' } });
  });

  test('with another hash than their own end the start', () => {
    const forged = manifest.replace(hashOf(trusted), hashOf('something else'));
    expect(() => trustDocuments('m.json', readDocumentManifest('m.json', forged))).toThrow(/has another SHA-256/);
  });
});
