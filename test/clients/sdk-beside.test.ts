import { ApolloClient, ApolloLink, gql, InMemoryCache, Observable } from '@apollo/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createClient as createUrqlClient, subscriptionExchange } from '@urql/core';
import { parse, print } from 'graphql';
import { apolloRequests } from '../../clients/sdk/apollo.ts';
import { type Client, createClient } from '../../clients/sdk/index.ts';
import { urqlForwarding } from '../../clients/sdk/urql.ts';
import { eventually } from '../support/eventually.ts';
import { type SyncStandIn, startSyncStandIn } from '../support/sync-stand-in.ts';

const changes = gql`
  subscription Changes($after: Cursor) {
    changes(entities: ["Order"], after: $after) {
      ... on ChangeBatch { from to changes { entityId } }
      ... on Resync { reason from }
    }
  }
`;

interface ChangesData {
  readonly changes: { readonly changes?: readonly { readonly entityId: string }[] };
}

let server: SyncStandIn;
let client: Client;

beforeAll(async () => {
  server = await startSyncStandIn();
});

afterAll(() => server.stop());

beforeEach(() => {
  client = createClient({ url: server.url, key: 'key', backoff: { firstMs: 1, mostMs: 20 } });
});

afterEach(() => client.close());

const idsOf = (data: ChangesData | undefined) => (data?.changes.changes ?? []).map(({ entityId }) => entityId);

describe('beside another library', () => {
  test('Apollo Client asks, changes and follows through the client, over a broken connection', async () => {
    const apollo = new ApolloClient({
      cache: new InMemoryCache(),
      link: new ApolloLink(apolloRequests(client, Observable)),
    });
    expect((await apollo.query({ query: gql`{ hello }` })).data).toEqual({ hello: 'hello key' });
    server.mishaps.push('answer lost');
    const counted = server.counted;
    await apollo.mutate({ mutation: gql`mutation { count }` });
    expect(server.counted).toBe(counted + 1);

    const ids: string[] = [];
    let events = 0;
    const subscription = apollo.subscribe<ChangesData>({ query: changes }).subscribe(({ data }) => {
      events += 1;
      ids.push(...idsOf(data as ChangesData));
    });
    await eventually(() => events > 0);
    for (const id of ['a1', 'a2', 'a3']) {
      server.breakSockets();
      server.change('Order', id, {});
    }
    await eventually(() => ids.length === 3);
    expect(ids).toEqual(['a1', 'a2', 'a3']);
    subscription.unsubscribe();
    await eventually(() => server.running === 0);
    apollo.stop();
  });

  test('urql asks, changes and follows through the client, over a broken connection', async () => {
    const urql = createUrqlClient({
      url: server.url,
      preferGetMethod: false,
      exchanges: [subscriptionExchange({ forwardSubscription: urqlForwarding(client), enableAllOperations: true })],
    });
    expect((await urql.query('{ hello }', {})).data).toEqual({ hello: 'hello key' });
    const refused = await urql.query('{ nothing }', {});
    expect(refused.error?.graphQLErrors[0]?.message).toContain('nothing');

    const ids: string[] = [];
    let events = 0;
    const { unsubscribe } = urql.subscription<ChangesData>(print(parse(print(changes))), {}).subscribe(({ data }) => {
      events += 1;
      ids.push(...idsOf(data));
    });
    await eventually(() => events > 0);
    for (const id of ['u1', 'u2', 'u3']) {
      server.breakSockets();
      server.change('Order', id, {});
    }
    await eventually(() => ids.length === 3);
    expect(ids).toEqual(['u1', 'u2', 'u3']);
    unsubscribe();
    await eventually(() => server.running === 0);
  });
});
