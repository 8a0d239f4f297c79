import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parse, printSchema } from 'graphql';
import { planOperation } from '../../gateway/plan/plan-operation.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../gateway/supergraph/supergraph.ts';

const link = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@requiresScopes"])`;

const federation1 = `
schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1") {
  query: Query
}
directive @core(feature: String!) repeatable on SCHEMA
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet) on FIELD_DEFINITION
directive @join__type(graph: join__Graph!, key: join__FieldSet) repeatable on OBJECT | INTERFACE
directive @join__owner(graph: join__Graph!) on OBJECT | INTERFACE
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
scalar join__FieldSet
enum join__Graph {
  POSTS @join__graph(name: "posts", url: "http://posts.invalid")
  USERS @join__graph(name: "users", url: "http://users.invalid")
}
type Query { me: User @join__field(graph: USERS) }
type User
  @join__owner(graph: USERS)
  @join__type(graph: USERS, key: "id")
  @join__type(graph: POSTS, key: "id") {
  id: ID! @join__field(graph: USERS)
  posts: [String!] @join__field(graph: POSTS)
}
`;

describe('a supergraph', () => {
  test('is a frozen snapshot with the id of its text', () => {
    const sdl = composeSupergraph([
      { name: 'users', url: 'http://users.invalid', sdl: `${link} type Query { me: String }` },
    ]);
    const supergraph = loadSupergraph(sdl);
    expect(supergraph.id).toBe(createHash('sha256').update(sdl).digest('hex'));
    expect(Object.isFrozen(supergraph)).toBe(true);
    expect([...supergraph.subgraphs.values()]).toEqual([{ name: 'users', url: 'http://users.invalid' }]);
    const defer = 'directive @defer(label: String, if: Boolean! = true) on FRAGMENT_SPREAD | INLINE_FRAGMENT';
    expect(printSchema(supergraph.apiSchema)).toBe(`${defer}\n\ntype Query {\n  me: String\n}`);
  });

  test('may link security features', () => {
    const sdl = composeSupergraph([
      {
        name: 'users',
        url: 'http://users.invalid',
        sdl: `${link} type Query { me: String @requiresScopes(scopes: [["read:users"]]) }`,
      },
    ]);
    expect(sdl).toContain('for: SECURITY');
    expect(loadSupergraph(sdl).apiSchema.getQueryType()?.getFields()).toHaveProperty('me');
  });

  test('may be of Federation 1', () => {
    const supergraph = loadSupergraph(federation1);
    expect([...supergraph.subgraphs.keys()]).toEqual(['posts', 'users']);
    expect(planOperation(supergraph, parse('{ me { id posts } }')).node).toMatchObject({
      kind: 'Sequence',
      nodes: [{ subgraph: 'users' }, { kind: 'Flatten', path: ['me'], node: { subgraph: 'posts' } }],
    });
  });

  test('is refused when its text is none', () => {
    expect(() => loadSupergraph('type Query { me: String }')).toThrow('Invalid supergraph');
  });
});
