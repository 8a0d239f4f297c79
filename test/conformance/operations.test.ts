import { describeConformance } from '../support/federation/conformance.ts';
import type { SubgraphData } from '../support/federation/data-subgraph.ts';

const users: SubgraphData = {
  sdl: `
    type Query { me: User user(id: ID!): User users(first: Int = 2, ids: [ID!]): [User!]! }
    type Mutation { rename(id: ID!, name: String): User touch: Int @shareable }
    type User @key(fields: "id") { id: ID! name(upper: Boolean = false): String }
  `,
  query: {
    me: { id: '1', name: ({ upper }: { upper: boolean }) => (upper ? 'ADA' : 'Ada') },
    user: ({ id }: { id: string }) => (id === '1' ? { id, name: 'Ada' } : null),
    users: ({ first, ids }: { first: number; ids?: string[] }) =>
      (ids ?? ['1', '2', '3']).slice(0, first).map((id) => ({ id, name: `n${id}` })),
  },
  mutation: {
    rename: ({ id, name }: { id: string; name: string }) => ({ id, name }),
    touch: 1,
  },
  entities: {
    User: [
      { id: '1', name: 'Ada' },
      { id: '2', name: 'Bo' },
    ],
  },
};

const posts: SubgraphData = {
  sdl: `
    type Query { post: Post }
    type Mutation { publish(text: String!): Post touch: Int @shareable }
    type Post { text: String by: User }
    type User @key(fields: "id") { id: ID! posts(first: Int): [Post!] karma: Int }
  `,
  query: { post: { text: 't', by: { id: '2', posts: [{ text: 'a2' }] } } },
  mutation: { publish: ({ text }: { text: string }) => ({ text, by: { id: '1' } }), touch: 1 },
  entities: {
    User: ['1', '2', '3'].map((id) => ({
      id,
      karma: Number(id) * 10,
      posts: ({ first }: { first?: number }) => [{ text: `a${id}` }, { text: `b${id}` }].slice(0, first ?? 2),
    })),
  },
};

describeConformance('operations: the gateway', [
  {
    name: 'runs mutations one after the other, each with what it needs',
    subgraphs: { users, posts },
    runs: [
      {
        operation:
          'mutation { one: rename(id: "1", name: "x") { name karma } publish(text: "t") { text by { name } } two: rename(id: "2", name: "y") { name } }',
        data: { one: { name: 'x', karma: 10 }, publish: { text: 't', by: { name: 'Ada' } }, two: { name: 'y' } },
        fetches: ['users', 'posts 1', 'posts', 'users 1', 'users'],
      },
      { operation: 'mutation { touch }', data: { touch: 1 }, fetches: ['posts'] },
    ],
  },
  {
    name: 'makes no fetch for what @skip and @include leave out',
    subgraphs: { users, posts },
    runs: [
      ...[
        { karma: true, me: true, data: { me: { id: '1', karma: 10 } }, fetches: ['users', 'posts 1'] },
        { karma: false, me: true, data: { me: { id: '1' } }, fetches: ['users'] },
        { karma: true, me: false, data: {}, fetches: [] },
      ].map(({ data, fetches, ...variables }) => ({
        operation:
          'query ($karma: Boolean!, $me: Boolean!) { me @include(if: $me) { id ... on User @include(if: $karma) { karma } } }',
        variables,
        data,
        fetches,
      })),
      {
        operation: 'query ($no: Boolean = false) { me { id karma @skip(if: true) posts @include(if: $no) { text } } }',
        data: { me: { id: '1' } },
        fetches: ['users'],
      },
    ],
  },
  {
    name: 'sends arguments and variables to the subgraph that they are for',
    subgraphs: { users, posts },
    runs: [
      {
        operation: `query ($first: Int = 1, $upper: Boolean, $ids: [ID!]) {
          me { name(upper: $upper) posts(first: $first) { text } }
          users(first: 3, ids: $ids) { id }
        }`,
        variables: { upper: true, ids: ['7', '8'] },
        data: { me: { name: 'ADA', posts: [{ text: 'a1' }] }, users: [{ id: '7' }, { id: '8' }] },
        fetches: ['users', 'posts 1'],
      },
    ],
  },
  {
    name: 'answers the same field under several names',
    subgraphs: { users, posts },
    runs: [
      {
        operation: `{
          a: user(id: "1") { b: id name karma }
          none: user(id: "x") { karma }
          me { id: name posts(first: 1) { text } more: posts { text } }
        }`,
        data: {
          a: { b: '1', name: 'Ada', karma: 10 },
          none: null,
          me: { id: 'Ada', posts: [{ text: 'a1' }], more: [{ text: 'a1' }, { text: 'b1' }] },
        },
        fetches: ['users', 'posts 1', 'posts 1'],
      },
    ],
  },
  {
    name: 'merges fragments that select the same again',
    subgraphs: { users, posts },
    runs: [
      {
        operation: `{ me { ...One ...Two } ...Root }
          fragment One on User { id posts { text } }
          fragment Two on User { karma posts { by { id } text } ... { id } }
          fragment Root on Query { me { name } post { by { ...One } } }`,
        data: {
          me: {
            id: '1',
            posts: [
              { text: 'a1', by: null },
              { text: 'b1', by: null },
            ],
            karma: 10,
            name: 'Ada',
          },
          post: { by: { id: '2', posts: [{ text: 'a2' }] } },
        },
        fetches: ['users', 'posts', 'posts 1'],
      },
    ],
  },
  {
    name: 'answers introspection beside data',
    subgraphs: { users, posts },
    runs: [
      {
        operation: '{ __schema { queryType { name } } me { id } __type(name: "Post") { fields { name } } }',
        data: {
          __schema: { queryType: { name: 'Query' } },
          me: { id: '1' },
          __type: { fields: [{ name: 'text' }, { name: 'by' }] },
        },
        fetches: ['users'],
      },
    ],
  },
  {
    name: 'resolves a node by its type, where each subgraph knows some types',
    subgraphs: {
      nodes: {
        sdl: `
          type Query { node(id: ID!): Node }
          interface Node { id: ID! }
          type Product implements Node @key(fields: "id") { id: ID! }
          type Category implements Node @key(fields: "id") { id: ID! }
        `,
        query: {
          node: ({ id }: { id: string }) => ({ __typename: id.startsWith('p') ? 'Product' : 'Category', id }),
        },
      },
      types: {
        sdl: 'type Product @key(fields: "id") { id: ID! name: String } type Category @key(fields: "id") { id: ID! name: String }',
        entities: { Product: [{ id: 'p1', name: 'P' }], Category: [{ id: 'c1', name: 'C' }] },
      },
    },
    runs: [
      {
        operation:
          '{ p: node(id: "p1") { ...F } c: node(id: "c1") { id ...F } } fragment F on Node { ... on Product { name } ... on Category { name } }',
        data: { p: { name: 'P' }, c: { id: 'c1', name: 'C' } },
        fetches: ['nodes', 'types 1', 'types 1'],
      },
    ],
  },
  {
    name: 'passes on directives of an operation that subgraphs compose',
    subgraphs: Object.fromEntries(
      ['a', 'b'].map((name) => [
        name,
        {
          sdl: `
            extend schema
              @link(url: "https://specs.example.com/access/v1.0", import: ["@access"])
              @composeDirective(name: "@access")
            directive @access(scope: Scope! = PUBLIC) on FIELD
            enum Scope { PUBLIC PRIVATE }
            type Query { ${name}: String }
          `,
          query: { [name]: name },
        },
      ]),
    ),
    runs: [
      {
        operation: '{ a @access b @access(scope: PRIVATE) }',
        data: { a: 'a', b: 'b' },
        fetches: ['a', 'b'],
        documents: { a: ['{a@access(scope:PUBLIC)}'], b: ['{b@access(scope:PRIVATE)}'] },
      },
    ],
  },
  {
    name: 'writes out a default that only some subgraphs know for the argument of such a directive',
    subgraphs: Object.fromEntries(
      [
        ['a', ''],
        ['b', ' = 1'],
      ].map(([name = '', byDefault]) => [
        name,
        {
          sdl: `
            extend schema
              @link(url: "https://specs.example.com/urgency/v1.0", import: ["@urgent"])
              @composeDirective(name: "@urgent")
            directive @urgent(level: Int!${byDefault}) on FIELD
            type Query { ${name}: String }
          `,
          query: { [name]: name },
        },
      ]),
    ),
    runs: [
      {
        operation: 'query ($level: Int!) { a @urgent b @urgent(level: $level) }',
        variables: { level: 2 },
        data: { a: 'a', b: 'b' },
        fetches: ['a', 'b'],
        documents: { a: ['{a@urgent(level:1)}'], b: ['query($level:Int!){b@urgent(level:$level)}'] },
      },
    ],
  },
]);
