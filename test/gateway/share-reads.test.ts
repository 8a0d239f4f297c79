import { describe, expect, test } from '@jest/globals';
import { shareReads } from '../../gateway/connections/share-reads.ts';
import type { Connection, SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { answering, refusing } from '../support/federation/canned.ts';
import { contextOf, holdAnswers } from '../support/federation/sharing.ts';

const read = (context: RequestContext, fields: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  document: 'query Me($id: ID!) { user(id: $id) { name } }',
  operationName: 'Me',
  operationKind: 'query',
  variables: { id: 'u1' },
  isShareable: true,
  context,
  ...fields,
});

/** A shared connection that answers with the tenant it was asked for. */
const ofTenants: Connection = async ({ context }) => ({ data: { tenant: context.principal?.tenantId } });

describe('equal reads', () => {
  test('of one scope are one fetch while it is under way', async () => {
    const held = holdAnswers(ofTenants);
    const connection = shareReads(held.connection);
    const answers = Promise.all([1, 2, 3].map(() => connection(read(contextOf('acme')))));
    held.release();
    expect(await answers).toEqual([1, 2, 3].map(() => ({ data: { tenant: 'acme' } })));
    expect(held.requests).toHaveLength(1);
    await connection(read(contextOf('acme')));
    expect(held.requests).toHaveLength(2);
  });

  test.each([
    ['tenants', contextOf('globex')],
    ['users', contextOf('acme', { userId: 'u2' })],
    ['users, one of them unknown', contextOf('acme', { userId: undefined })],
    ['apps', contextOf('acme', { app: 'mobile' })],
    ['permissions', contextOf('acme', { permissions: ['read:*', 'write:*'] })],
    ['credentials', contextOf('acme', { credentialId: 'key-2' })],
    ['forwarded headers', contextOf('acme', { forwardedHeaders: { 'accept-language': 'da' } })],
    ['principals, one of them unknown', { ...contextOf('acme'), principal: undefined }],
  ])('of two %s are two fetches', async (_, other) => {
    const held = holdAnswers(ofTenants);
    const connection = shareReads(held.connection);
    const answers = Promise.all([connection(read(contextOf('acme'))), connection(read(other))]);
    held.release();
    expect(await answers).toEqual([{ data: { tenant: 'acme' } }, { data: { tenant: other.principal?.tenantId } }]);
    expect(held.requests).toHaveLength(2);
  });

  test('with other variables, of mutations, and of what is not marked as shareable are not shared', async () => {
    const held = holdAnswers(ofTenants);
    const connection = shareReads(held.connection);
    const different: readonly Partial<SubgraphRequest>[] = [
      {},
      { variables: { id: 'u2' } },
      { document: '{ me { name } }' },
      { operationKind: 'mutation' },
      { operationKind: 'mutation' },
      { isShareable: false },
      { isShareable: false },
    ];
    const answers = Promise.all(different.map((fields) => connection(read(contextOf('acme'), fields))));
    held.release();
    await answers;
    expect(held.requests).toHaveLength(different.length);
  });
});

test('a read after a mutation does not join one that began before it', async () => {
  const held = holdAnswers(ofTenants);
  const connection = shareReads((request) =>
    request.operationKind === 'mutation' ? ofTenants(request) : held.connection(request),
  );
  const before = connection(read(contextOf('acme')));
  await connection(read(contextOf('acme'), { operationKind: 'mutation' }));
  const after = connection(read(contextOf('acme')));
  held.release();
  await Promise.all([before, after]);
  expect(held.requests).toHaveLength(2);
});

describe('a shared read', () => {
  test('goes on when the client that began it goes away, and ends when all have gone', async () => {
    const held = holdAnswers(ofTenants);
    const connection = shareReads(held.connection);
    const clients = [new AbortController(), new AbortController()];
    const reads = clients.map(({ signal }) => connection(read(contextOf('acme', { signal }))));
    clients[0]?.abort(new Error('gone'));
    await expect(reads[0]).rejects.toThrow('gone');
    expect(held.requests[0]?.context.signal.aborted).toBe(false);
    held.release();
    expect(await reads[1]).toEqual({ data: { tenant: 'acme' } });

    const abandoned = holdAnswers(ofTenants);
    const client = new AbortController();
    const shared = shareReads(abandoned.connection);
    const only = shared(read(contextOf('acme', { signal: client.signal })));
    client.abort(new Error('gone'));
    await expect(only).rejects.toThrow('gone');
    expect(abandoned.requests[0]?.context.signal.aborted).toBe(true);
    const later = shared(read(contextOf('acme')));
    abandoned.release();
    expect(await later).toEqual({ data: { tenant: 'acme' } });
  });

  test('gives each request errors with its own correlation id', async () => {
    const connection = shareReads(async ({ context }) => ({
      errors: [
        { message: 'failed', extensions: { code: 'INTERNAL', correlationId: context.correlationId } },
        { message: 'refused', extensions: { code: 'FORBIDDEN' } },
      ],
    }));
    const contexts = [contextOf('acme'), contextOf('acme')];
    const answers = await Promise.all(contexts.map((context) => connection(read(context))));
    expect(answers.map(({ errors }) => errors?.map(({ extensions }) => extensions?.correlationId))).toEqual(
      contexts.map(({ correlationId }) => [correlationId, undefined]),
    );
  });

  test('that fails or is malformed does so for all, and is not kept', async () => {
    const failing = shareReads(refusing('down'));
    const failed = await Promise.allSettled([1, 2].map(() => failing(read(contextOf('acme')))));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(failing(read(contextOf('acme')))).rejects.toThrow('down');
    const odd = shareReads(answering(null));
    expect(await Promise.all([1, 2].map(() => odd(read(contextOf('acme')))))).toEqual([null, null]);
  });
});
