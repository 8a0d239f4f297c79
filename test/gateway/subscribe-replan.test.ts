import { beforeEach, expect, test } from '@jest/globals';
import { createLogSubgraph, type LogSubgraph, logTypes } from '../support/federation/event-log.ts';
import { createEventSource, type EventSource } from '../support/federation/event-source.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';
import {
  createSubscribingPipeline,
  type Follower,
  type SubscribingPipeline,
} from '../support/federation/subscribing-pipeline.ts';

/** The users, who are called something else in each version of the supergraph. */
const usersCalled = (word: string, more = '') =>
  createTestSubgraph(
    'users',
    `type Query { x: Int } type User @key(fields: "id") { id: ID!  name: String @shareable ${more} }`,
    { User: { __resolveReference: ({ id }: { id: string }) => ({ id, name: `${word} ${id}` }) } },
  );

const typesWithName = logTypes.replace(
  'type User @key(fields: "id", resolvable: false) { id: ID! }',
  'type User @key(fields: "id", resolvable: false) { id: ID!  name: String @shareable }',
);
const { sdl: sdlWithoutName } = createTestSubgraph('log', logTypes);
const { sdl: sdlWithName } = createTestSubgraph('log', typesWithName);

const document =
  'subscription ($after: Cursor) { entries(after: $after) { ... on EntryBatch { entries { text author { name } } } } }';

let log: LogSubgraph;
let noises: EventSource<{ noises: string }>;
let opened: number;
let pipeline: SubscribingPipeline;

beforeEach(() => {
  opened = 0;
  noises = createEventSource();
  const subscribe = () => {
    opened += 1;
    return noises;
  };
  const resolvers = { Subscription: { noises: { subscribe } as never }, User: { name: () => 'named by the log' } };
  log = createLogSubgraph(typesWithName, resolvers);
  pipeline = createSubscribingPipeline([{ ...log, sdl: sdlWithoutName }, usersCalled('User')]);
});

const followFrom = (after: string) => pipeline.follow(document, { variables: { after } });

function told({ answers }: Follower) {
  return answers.flatMap(({ data }) => {
    const { entries } = data.toJSON() as {
      entries: { entries: readonly { text: string; author: { name: string } }[] };
    };
    return entries.entries.map(({ text, author }) => `${text} by ${author.name}`);
  });
}

const entry = (text: string) => ({ text, author: { id: '1' } });

test('a subscription goes on by the new supergraph, with its source where that is the same', async () => {
  const both = [await followFrom('c0'), await followFrom('c0')];
  log.append(entry('one'));
  await Promise.all(both.map((one) => one.count(1)));
  pipeline.replace([{ ...log, sdl: sdlWithoutName }, usersCalled('Person', 'age: Int')]);
  log.append(entry('two'));
  await Promise.all(both.map((one) => one.count(2)));
  expect(both.map(told)).toEqual([
    ['one by User 1', 'two by Person 1'],
    ['one by User 1', 'two by Person 1'],
  ]);
  expect(log.sources).toHaveLength(1);
  expect(both[0]?.answers[1]).toBe(both[1]?.answers[1]);
});

test('is opened again at its cursor, where the source is another one; who began since then comes to it', async () => {
  const follower = await followFrom('c0');
  log.append(entry('one'));
  await follower.count(1);
  pipeline.replace([{ ...log, sdl: sdlWithName }, usersCalled('User')]);
  log.append(entry('two'));
  const late = await followFrom('c1');
  await Promise.all([follower.count(2), late.count(1)]);
  log.append(entry('three'));
  await Promise.all([follower.count(3), late.count(2)]);
  expect(told(follower)).toEqual(['one by User 1', 'two by named by the log', 'three by named by the log']);
  expect(log.sources.slice(1).every(({ after }) => after === 'c1')).toBe(true);
  expect(log.followed).toBe(1);
  expect(follower.answers[2]).toBe(late.answers[1]);
});

test('that stood still meanwhile goes on by the new supergraph', async () => {
  const [quick, slow] = [await followFrom('c0'), await followFrom('c0')];
  slow.pause();
  log.append(entry('one'), entry('two'));
  await quick.count(2);
  pipeline.replace([{ ...log, sdl: sdlWithoutName }, usersCalled('Person', 'age: Int')]);
  slow.resume();
  await slow.count(2);
  expect(told(slow)).toEqual(['one by User 1', 'two by Person 1']);
});

test('ends with an error that says so, where it is not valid any more', async () => {
  const [one, slow] = [await followFrom('c0'), await followFrom('c0')];
  const plain = await pipeline.follow('subscription { noises }');
  slow.pause();
  log.append(entry('one'), entry('two'));
  await one.count(2);
  const others = createTestSubgraph('users', 'type Query { x: Int }');
  const withoutNoises = sdlWithoutName.replace('noises(room: String): String', '');
  pipeline.replace([{ ...log, sdl: withoutNoises }, others]);
  slow.resume();
  const error = { extensions: { code: 'BAD_USER_INPUT', reason: 'SCHEMA_CHANGED' } };
  for (const ended of [one, slow, plain]) {
    expect(await ended.end).toMatchObject([{ ...error, message: expect.stringContaining('The schema has changed') }]);
  }
  await noises.left;
  expect(log.followed).toBe(0);
});

test('keeps the source of a field without cursors, which would lose events otherwise', async () => {
  const plain = await pipeline.follow('subscription { noises }');
  pipeline.replace([{ ...log, sdl: sdlWithName }, usersCalled('User')]);
  noises.push({ noises: 'knock' });
  await plain.count(1);
  expect([opened, plain.answers[0]?.text]).toEqual([1, '{"data":{"noises":"knock"}}']);
  plain.leave();
  await noises.left;
});
