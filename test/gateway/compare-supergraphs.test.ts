import { describe, expect, test } from '@jest/globals';
import { compareSupergraphs } from '../../gateway/supergraph/compare.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../gateway/supergraph/supergraph.ts';

const link =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@inaccessible", "@requiresScopes"])';

const before = `
  type Query { user(id: ID!): User  leads: [Lead!] @requiresScopes(scopes: [["read:leads"]]) }
  type User @key(fields: "id") { id: ID!  name: String  age: Int  rank: Int  secret: String @inaccessible }
  type Lead @key(fields: "id") { id: ID!  status: Status! }
  enum Status { NEW LOST }`;

function supergraphOf(sdl: string) {
  return loadSupergraph(composeSupergraph([{ name: 'one', url: 'http://one.invalid', sdl: link + sdl }]));
}

/** What clients of the supergraph above meet when a part of it is written another way. */
function changesWhen(written: string, now: string): readonly string[] {
  expect(before).toContain(written);
  const changes = compareSupergraphs(supergraphOf(before), supergraphOf(before.replace(written, now)));
  return changes.map(({ severity, type, description }) => `${severity} ${type} ${description}`);
}

describe('a newer supergraph, for clients of the one before,', () => {
  test('is the same when only what they cannot see is another', () => {
    expect(changesWhen('secret: String @inaccessible', 'key: Int @inaccessible')).toEqual([]);
    expect(changesWhen('age: Int', 'age: Int  height: Int')).toEqual([]);
  });

  test('breaks operations where a field is gone, has another type, or asks for more arguments', () => {
    expect(changesWhen('age: Int', '')).toEqual(['BREAKING FIELD_REMOVED User.age was removed.']);
    expect(changesWhen('age: Int', 'age: String')).toEqual([expect.stringMatching(/^BREAKING FIELD_CHANGED_KIND /)]);
    expect(changesWhen('user(id: ID!)', 'user(id: ID!, in: ID!)')).toEqual([
      expect.stringMatching(/^BREAKING REQUIRED_ARG_ADDED /),
    ]);
  });

  test('breaks operations where a permission is needed that was not', () => {
    expect(changesWhen('name: String', 'name: String @requiresScopes(scopes: [["read:users"]])')).toEqual([
      'BREAKING NEEDS_RAISED User.name needs read:users.',
    ]);
    expect(changesWhen('[["read:leads"]]', '[["read:leads", "read:people"]]')).toEqual([
      'BREAKING NEEDS_RAISED Query.leads needs read:leads and read:people.',
    ]);
    expect(changesWhen('[["read:leads"]]', '[["read:leads"], ["read:people"]]')).toEqual([]);
  });

  test('is dangerous where a client may meet a value that it does not know', () => {
    expect(changesWhen('NEW LOST', 'NEW LOST WON')).toEqual([
      'DANGEROUS VALUE_ADDED_TO_ENUM WON was added to enum type Status.',
    ]);
  });
});
