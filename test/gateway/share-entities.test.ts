import { beforeEach, describe, expect, test } from '@jest/globals';
import { batchEntities } from '../../gateway/connections/batch-entities.ts';
import type { Connection, SubgraphRequest } from '../../kernel/subgraph/connection.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import { answering, refusing, representationsOf } from '../support/federation/canned.ts';
import { contextOf } from '../support/federation/sharing.ts';

const document = 'query($representations:[_Any!]!){_entities(representations:$representations){...on User{name}}}';

const user = (id: string) => ({ __typename: 'User', id });

const fetchOf = (
  ids: readonly string[],
  context: RequestContext = contextOf('acme'),
  fields: Partial<SubgraphRequest> = {},
): SubgraphRequest => ({
  document,
  operationName: undefined,
  operationKind: 'query',
  variables: { representations: ids.map(user) },
  isShareable: true,
  context,
  ...fields,
});

let requests: SubgraphRequest[];

/** Answers each user with its name, as one of the tenant that asks. */
const users: Connection = async (request) => {
  requests.push(request);
  const { principal } = request.context;
  const entities = representationsOf(request) as readonly { readonly id: string }[];
  return { data: { _entities: entities.map(({ id }) => ({ name: `${principal?.tenantId} ${id}` })) } };
};

const names = (tenant: string, ids: readonly string[]) => ({
  data: { _entities: ids.map((id) => ({ name: `${tenant} ${id}` })) },
});

beforeEach(() => {
  requests = [];
});

describe('entity fetches of one tick', () => {
  test('are sent as one, each entity once, and each gets its own', async () => {
    const connection = batchEntities(users);
    const wanted = [['a', 'b'], ['b', 'c'], ['c'], []];
    const answers = await Promise.all(wanted.map((ids) => connection(fetchOf(ids))));
    expect(answers).toEqual(wanted.map((ids) => names('acme', ids)));
    expect(requests.map(representationsOf)).toEqual([['a', 'b', 'c'].map(user)]);
  });

  test('of two scopes are sent apart', async () => {
    const connection = batchEntities(users);
    const contexts = [contextOf('acme'), contextOf('globex'), contextOf('acme', { userId: 'u2' })];
    const answers = await Promise.all(contexts.map((context) => connection(fetchOf(['a'], context))));
    expect(answers).toEqual([names('acme', ['a']), names('globex', ['a']), names('acme', ['a'])]);
    expect(requests).toHaveLength(3);
  });

  test('that ask for other fields, pass other arguments or may not be shared are sent apart', async () => {
    const connection = batchEntities(users);
    const different: readonly Partial<SubgraphRequest>[] = [
      {},
      { document: document.replace('name', 'email') },
      { variables: { representations: [user('a')], first: 1 } },
      { isShareable: false },
      { isShareable: false },
    ];
    await Promise.all(different.map((fields) => connection(fetchOf(['a'], contextOf('acme'), fields))));
    expect(requests).toHaveLength(different.length);
  });

  test('alone in their tick are sent as they are', async () => {
    const connection = batchEntities(users);
    const first = fetchOf(['a']);
    await connection(first);
    await connection(fetchOf(['a']));
    expect(requests).toHaveLength(2);
    expect(requests[0]).toBe(first);
  });

  test('go on when one of their clients goes away', async () => {
    const connection = batchEntities(users);
    const client = new AbortController();
    const gone = connection(fetchOf(['a'], contextOf('acme', { signal: client.signal })));
    const stays = connection(fetchOf(['b']));
    client.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    expect(await stays).toEqual(names('acme', ['b']));
  });
});

describe('the errors of a batch', () => {
  test('go to the fetches that asked for the entity, at the place it has there, with their own correlation id', async () => {
    const connection = batchEntities(async ({ context: { correlationId } }) => ({
      data: { _entities: [{ name: 'A' }, null, null] },
      errors: [
        { message: 'b', path: ['_entities', 1, 'name'], extensions: { correlationId } },
        { message: 'c', path: ['_entities', 2] },
        { message: 'all' },
      ],
    }));
    const contexts = [contextOf('acme'), contextOf('acme'), contextOf('acme')];
    const wanted = [['a'], ['b', 'c'], ['c', 'b']];
    const answers = await Promise.all(wanted.map((ids, index) => connection(fetchOf(ids, contexts[index]))));
    const own = (index: number) => ({ correlationId: contexts[index]?.correlationId });
    expect(answers).toEqual([
      { data: { _entities: [{ name: 'A' }] }, errors: [{ message: 'all' }] },
      {
        data: { _entities: [null, null] },
        errors: [
          { message: 'b', path: ['_entities', 0, 'name'], extensions: own(1) },
          { message: 'c', path: ['_entities', 1] },
          { message: 'all' },
        ],
      },
      {
        data: { _entities: [null, null] },
        errors: [
          { message: 'b', path: ['_entities', 1, 'name'], extensions: own(2) },
          { message: 'c', path: ['_entities', 0] },
          { message: 'all' },
        ],
      },
    ]);
  });

  test.each([
    ['null', null],
    ['text', '<html>'],
    ['without entities', { data: {} }],
    ['errors alone', { data: null, errors: [{ message: 'no' }] }],
    ['odd errors', { data: null, errors: ['no', null, { path: 'x' }] }],
  ])("are everyone's own to judge when the answer is %s", async (_, response) => {
    const connection = batchEntities(answering(response));
    const answers = await Promise.all([connection(fetchOf(['a'])), connection(fetchOf(['b']))]);
    expect(answers).toEqual([response, response]);
  });

  test('are the same for all when it fails, or brings another number of entities', async () => {
    for (const broken of [refusing('down'), answering({ data: { _entities: [{ name: 'A' }] } })]) {
      const connection = batchEntities(broken);
      const answers = await Promise.allSettled([connection(fetchOf(['a'])), connection(fetchOf(['b']))]);
      expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    }
  });
});
