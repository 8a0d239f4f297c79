import { describe, expect, test } from '@jest/globals';
import { CompositionError, composeSupergraph } from '../../gateway/supergraph/compose.ts';

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';

function subgraph(name: string, ...lines: readonly string[]) {
  return { name, url: `http://${name}.invalid`, sdl: [link, ...lines].join('\n') };
}

function messageOf(...subgraphs: Parameters<typeof composeSupergraph>[0]): string {
  try {
    return composeSupergraph(subgraphs);
  } catch (error) {
    if (error instanceof CompositionError) return error.message;
    throw error;
  }
}

describe('composition', () => {
  test('makes one supergraph of subgraphs that fit', () => {
    const sdl = composeSupergraph([
      subgraph('users', 'type Query { me: User }', 'type User @key(fields: "id") { id: ID! name: String }'),
      subgraph('posts', 'type User @key(fields: "id") { id: ID! posts: [String!] }'),
    ]);
    expect(sdl).toContain('@join__graph(name: "posts", url: "http://posts.invalid")');
  });

  test('tells the code of a problem, and the places in every subgraph that it is about', () => {
    const message = messageOf(
      subgraph('users', 'type Query { me: User }', 'type User @key(fields: "id") {', '  id: ID!', '  age: Int', '}'),
      subgraph('posts', 'type User @key(fields: "id") {', '  id: ID!', '  age: String @shareable', '}'),
    );
    const [head, ...problems] = message.split('\n');
    expect(head).toBe('The subgraphs do not compose.');
    expect(problems).toContainEqual(
      expect.stringMatching(/^FIELD_TYPE_MISMATCH \(posts:4:3, users:5:3\): Type of field "User.age" is incompatible/),
    );
  });

  test('tells every problem', () => {
    const lines = ['type User @key(fields: "id") {', '  id: ID!', '  name: String', '  age: Int', '}'];
    const message = messageOf(subgraph('users', 'type Query { me: User }', ...lines), subgraph('posts', ...lines));
    expect(message.match(/^INVALID_FIELD_SHARING \(posts:4:3, users:5:3\): /gm)).toHaveLength(1);
    expect(message.match(/^INVALID_FIELD_SHARING \(posts:5:3, users:6:3\): /gm)).toHaveLength(1);
  });

  test('tells which field of the graph cannot be reached', () => {
    const message = messageOf(
      subgraph('users', 'type Query { me: User }', 'type User @key(fields: "id") { id: ID! }'),
      subgraph('posts', 'type User @key(fields: "email") { email: String! posts: Int }'),
    );
    expect(message).toContain(
      'SATISFIABILITY_ERROR: The following supergraph API query:\n{\n  me {\n    email\n  }\n}',
    );
  });

  test('tells where an SDL cannot be read', () => {
    const message = messageOf(subgraph('users', 'type Query { me: }'));
    expect(message).toBe(
      'The subgraphs do not compose.\nINVALID_GRAPHQL (users:2:18): Syntax Error: Expected Name, found "}".',
    );
  });

  test('keeps the problems as data', () => {
    expect(() => composeSupergraph([subgraph('empty', 'type Thing { x: Int }')])).toThrow(
      expect.objectContaining({ problems: [expect.objectContaining({ code: 'NO_QUERIES', places: [] })] }),
    );
  });
});
