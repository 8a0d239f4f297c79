import { beforeEach, describe, expect, test } from '@jest/globals';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { StreamEndedError } from '../../../kernel/subgraph/connection.ts';
import { createExecutableSubgraph } from '../../../kernel/subgraph/executable.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../../kernel/tenancy/principal.ts';
import { createCallSigner, createCallVerifier } from '../../../kernel/tenancy/subgraph-token.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { createEventSource, type EventSource } from '../../support/federation/event-source.ts';
import { loggerOfTest } from '../../support/output-of-run.ts';

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@authenticated", "@requiresScopes"])
  scalar DateTime
  scalar JSON
  scalar MinorUnits
  type Query @authenticated { ok: Boolean }
  type Subscription {
    told: Told @requiresScopes(scopes: [["read:news"]])
    open: String @authenticated
    unsaid: String
  }
  type Told { text: String  number: Int  secret: String @requiresScopes(scopes: [["read:secrets"]]) }
`;

let source: EventSource<{ told: { text: string } }>;
let contexts: number;

const resolvers = {
  Subscription: {
    told: { subscribe: () => source },
    open: {
      subscribe: () => {
        throw new PanoramaError('CURSOR_INVALID', 'This is no cursor.');
      },
    },
    unsaid: { subscribe: () => source },
  },
  Told: { number: (_: unknown, __: unknown, { number }: { number: number }) => number },
};

const { subscribe } = createExecutableSubgraph({
  name: 'news',
  sdl,
  resolvers,
  createContext: ({ principal }) => {
    contexts += 1;
    return { principal, number: contexts };
  },
  verifyCall: createCallVerifier(secretOfTests, 'news'),
  logger: loggerOfTest('news'),
});

/** Asks for a subscription with some permissions; without any, without a token. */
function ask(document: string, permissions?: readonly string[], signal = new AbortController().signal) {
  const sign = createCallSigner(secretOfTests, 'news');
  const tenantId = parseTenantId('acme');
  const principal =
    permissions && createPrincipal({ tenantId, app: 'web', credentialId: 'key', userId: undefined, permissions });
  const token = principal && sign({ principal, correlationId: 'one' });
  return subscribe({ document, operationName: undefined, variables: {}, token, signal });
}

async function start(document: string, permissions: readonly string[] = ['*'], signal?: AbortSignal) {
  const response = await ask(document, permissions, signal);
  if (!(Symbol.asyncIterator in response)) throw new Error(`Refused: ${JSON.stringify(response)}`);
  return response[Symbol.asyncIterator]();
}

beforeEach(() => {
  source = createEventSource();
  contexts = 0;
});

describe('a subgraph', () => {
  test.each([
    ['without a token', 'subscription { told { text } }', undefined, 'UNAUTHENTICATED'],
    ['without the permission', 'subscription { told { text } }', ['read:leads'], 'FORBIDDEN'],
    ['to a field of which nothing is said', 'subscription { unsaid }', ['*'], 'FORBIDDEN'],
    ['that is not valid', 'subscription { nothing }', ['*'], 'BAD_USER_INPUT'],
    ['that its field refuses', 'subscription { open }', ['*'], 'CURSOR_INVALID'],
  ])('starts no subscription %s', async (_, document, permissions, code) => {
    const response = await ask(document, permissions);
    expect(response).toMatchObject({ errors: [{ extensions: { code } }] });
    expect(response).not.toHaveProperty('data');
    expect(source.waiting).toBe(0);
  });

  test('answers each event anew, and refuses of it what its principal may not see', async () => {
    const events = await start('subscription { told { text number secret } }', ['read:news']);
    const answers: unknown[] = [];
    for (const text of ['one', 'two']) {
      source.push({ told: { text } });
      answers.push((await events.next()).value);
    }
    const errors = [{ path: ['told', 'secret'], extensions: { code: 'FORBIDDEN', permission: 'read:secrets' } }];
    expect(answers).toMatchObject([
      { data: { told: { text: 'one', number: 2, secret: null } }, errors },
      { data: { told: { text: 'two', number: 3, secret: null } }, errors },
    ]);
  });

  test('says why it ends a subscription, and nothing of what nobody foresaw', async () => {
    const said = await start('subscription { told { text } }');
    source.fail(new PanoramaError('CURSOR_EXPIRED', 'Begin anew.'));
    await expect(said.next()).rejects.toEqual(
      new StreamEndedError([{ message: 'Begin anew.', extensions: { code: 'CURSOR_EXPIRED' } }]),
    );
    source = createEventSource();
    const broken = await start('subscription { told { text } }');
    source.fail(new Error('connection lost'));
    await expect(broken.next()).rejects.toThrow('connection lost');
  });

  test('lets go of a source that nobody follows any more, or whose call has ended', async () => {
    const events = await start('subscription { told { text } }');
    await events.return?.();
    await source.left;
    source = createEventSource();
    const client = new AbortController();
    const call = await start('subscription { told { text } }', ['*'], client.signal);
    const awaited = call.next();
    client.abort();
    await source.left;
    expect(await awaited).toMatchObject({ done: true });
  });
});
