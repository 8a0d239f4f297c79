import { describeConformance } from '../support/federation/conformance.ts';
import type { SubgraphData } from '../support/federation/data-subgraph.ts';

const old: SubgraphData = {
  sdl: `type Query { old: Post } type Post @key(fields: "id") { id: ID! title: String body: String }`,
  query: { old: { id: '1', title: 'old title', body: 'body' } },
  entities: { Post: [{ id: '1', title: 'old title', body: 'body' }] },
};

const renewed = (override: string): SubgraphData => ({
  sdl: `type Query { new: Post } type Post @key(fields: "id") { id: ID! title: String ${override} }`,
  query: { new: { id: '1', title: 'new title' } },
  entities: { Post: [{ id: '1', title: 'new title' }] },
});

describeConformance('ownership: the gateway', [
  {
    name: 'asks the subgraph that overrides another',
    subgraphs: { old, new: renewed('@override(from: "old")') },
    runs: [
      {
        operation: '{ old { title body } new { title body } }',
        data: { old: { title: 'new title', body: 'body' }, new: { title: 'new title', body: 'body' } },
        fetches: ['old', 'new', 'old 1', 'new 1'],
      },
    ],
  },
  {
    name: 'takes no notice of an override from a subgraph that is not there',
    subgraphs: {
      old: { ...old, sdl: old.sdl.replace('title: String', '') },
      new: renewed('@override(from: "gone")'),
    },
    runs: [{ operation: '{ old { title } }', data: { old: { title: 'new title' } }, fetches: ['old', 'new 1'] }],
  },
  {
    name: 'decides a progressive override by its label',
    subgraphs: {
      old,
      new: renewed('@override(from: "old", label: "percent(10)")'),
    },
    runs: [
      { operation: '{ old { title } }', data: { old: { title: 'old title' } }, fetches: ['old'] },
      {
        operation: '{ old { title } }',
        overrides: ['percent(10)'],
        data: { old: { title: 'new title' } },
        fetches: ['old', 'new 1'],
      },
      { operation: '{ new { title } }', data: { new: { title: 'old title' } }, fetches: ['new', 'old 1'] },
    ],
  },
  {
    name: 'overrides a field that another field requires',
    subgraphs: {
      old: {
        sdl: `type Query { post: Post } type Post @key(fields: "id") { id: ID! words: Int length: Int @requires(fields: "text") text: String @external }`,
        query: { post: { id: '1', words: 1 } },
        entities: {
          Post: [
            {
              id: '1',
              words: 1,
              length(this: { text: string }) {
                return this.text.length;
              },
            },
          ],
        },
      },
      new: {
        sdl: `type Post @key(fields: "id") { id: ID! words: Int @override(from: "old") text: String @requires(fields: "title") title: String @external }`,
        entities: {
          Post: [
            {
              id: '1',
              words: 2,
              text(this: { title: string }) {
                return `${this.title}!`;
              },
            },
          ],
        },
      },
      titles: {
        sdl: 'type Post @key(fields: "id") { id: ID! title: String }',
        entities: { Post: [{ id: '1', title: 'four' }] },
      },
    },
    runs: [
      {
        operation: '{ post { words length } }',
        data: { post: { words: 2, length: 5 } },
        fetches: ['old', 'titles 1', 'new 1', 'new 1', 'old 1'],
      },
    ],
  },
  {
    name: 'overrides a field of an interface that objects implement',
    subgraphs: {
      a: {
        sdl: `
          type Query { posts: [Post!]! }
          interface Post { id: ID! created: String }
          type Image implements Post @key(fields: "id") { id: ID! created: String }
          type Text implements Post @key(fields: "id") { id: ID! created: String body: String }
        `,
        query: {
          posts: [
            { __typename: 'Image', id: '1', created: 'old' },
            { __typename: 'Text', id: '2', created: 'kept' },
          ],
        },
        entities: { Image: [{ id: '1', created: 'old' }], Text: [{ id: '2', created: 'kept' }] },
      },
      b: {
        sdl: `
          interface Post { id: ID! created: String }
          type Image implements Post @key(fields: "id") { id: ID! created: String @override(from: "a") }
        `,
        entities: { Image: [{ id: '1', created: 'new' }] },
      },
    },
    runs: [
      {
        operation: '{ posts { created } }',
        data: { posts: [{ created: 'new' }, { created: 'kept' }] },
        fetches: ['a', 'b 1'],
      },
    ],
  },
  {
    name: 'asks one subgraph for root fields and value types that several share',
    subgraphs: {
      a: {
        sdl: `type Query { place: Place @shareable here: Int } type Place @shareable { name: String size: Int }`,
        query: { place: { name: 'p', size: 1 }, here: 1 },
      },
      b: {
        sdl: `type Query { place: Place @shareable there: Int } type Place @shareable { name: String size: Int }`,
        query: { place: { name: 'p', size: 1 }, there: 2 },
      },
    },
    runs: [
      { operation: '{ place { name size } here }', data: { place: { name: 'p', size: 1 }, here: 1 }, fetches: ['a'] },
      { operation: '{ there place { name } }', data: { there: 2, place: { name: 'p' } }, fetches: ['b'] },
    ],
  },
  {
    name: 'asks every subgraph of a shared root field for the part that it alone knows',
    subgraphs: {
      name: {
        sdl: `type Query { product: Product @shareable } type Product @shareable { id: ID! name: Name } type Name { text: String }`,
        query: { product: { id: '1', name: { text: 'n' } } },
      },
      price: {
        sdl: `type Query { product: Product @shareable } type Product @shareable { id: ID! price: Price } type Price { amount: Int }`,
        query: { product: { id: '1', price: { amount: 3 } } },
      },
    },
    runs: [
      {
        operation: '{ product { id name { text } price { amount } } }',
        data: { product: { id: '1', name: { text: 'n' }, price: { amount: 3 } } },
        fetches: ['name', 'price'],
      },
    ],
  },
  {
    name: 'serves what Federation 1 subgraphs extend',
    subgraphs: {
      users: {
        federation: 1,
        sdl: 'type User @key(fields: "id") { id: ID! name: String } extend type Query { user: User }',
        query: { user: { id: '1', name: 'Ada' } },
        entities: { User: [{ id: '1', name: 'Ada' }] },
      },
      posts: {
        federation: 1,
        sdl: `
          extend type User @key(fields: "id") { id: ID! @external name: String @external posts: [Post] shout: String @requires(fields: "name") }
          type Post { text: String by: User @provides(fields: "name") }
          extend type Query { post: Post }
        `,
        query: { post: { text: 't', by: { id: '1', name: 'Ada' } } },
        entities: {
          User: [
            {
              id: '1',
              posts: [{ text: 't' }],
              shout(this: { name: string }) {
                return this.name.toUpperCase();
              },
            },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ user { name posts { text } shout } }',
        data: { user: { name: 'Ada', posts: [{ text: 't' }], shout: 'ADA' } },
        fetches: ['users', 'posts 1'],
      },
      {
        operation: '{ post { by { id name } } }',
        data: { post: { by: { id: '1', name: 'Ada' } } },
        fetches: ['posts'],
      },
    ],
  },
  {
    name: 'serves a Federation 1 subgraph beside one of Federation 2',
    subgraphs: {
      products: {
        federation: 1,
        sdl: 'extend type Product @key(fields: "id") { id: ID! @external price: Int } type Query { dear: Product }',
        query: { dear: { id: '1' } },
        entities: { Product: [{ id: '1', price: 9 }] },
      },
      names: {
        sdl: 'type Product @key(fields: "id") { id: ID! name: String } type Query { product: Product }',
        query: { product: { id: '1', name: 'n' } },
        entities: { Product: [{ id: '1', name: 'n' }] },
      },
    },
    runs: [
      {
        operation: '{ product { name price } dear { id name } }',
        data: { product: { name: 'n', price: 9 }, dear: { id: '1', name: 'n' } },
        fetches: ['names', 'products', 'products 1', 'names 1'],
      },
    ],
  },
  {
    name: 'uses a key that is external in the subgraph that extends a type',
    subgraphs: {
      a: {
        sdl: `
          type Query { user: User rid: User }
          extend type User @key(fields: "id") @key(fields: "rid") { id: ID! @external rid: ID }
        `,
        query: { user: { id: '1', rid: 'r' }, rid: { id: '1', rid: 'r' } },
        entities: { User: [{ id: '1', rid: 'r' }] },
      },
      b: {
        sdl: 'type User @key(fields: "id") { id: ID! name: String nick: String } type Query { provided: User }',
        query: { provided: { id: '1', name: 'Ada', nick: 'A' } },
        entities: { User: [{ id: '1', name: 'Ada', nick: 'A' }] },
      },
    },
    runs: [
      {
        operation: '{ user { id rid nick } provided { nick rid } }',
        data: { user: { id: '1', rid: 'r', nick: 'A' }, provided: { nick: 'A', rid: 'r' } },
        fetches: ['a', 'b', 'a 1', 'b 1'],
      },
    ],
  },
  {
    name: 'does not show, and does use, what is inaccessible',
    subgraphs: {
      a: {
        sdl: `
          type Query { user: User hidden: Int @inaccessible }
          type User @key(fields: "secret") { secret: ID! @inaccessible name: String }
        `,
        query: { user: { secret: 's', name: 'Ada' }, hidden: 1 },
      },
      b: {
        sdl: 'type User @key(fields: "secret") { secret: ID! age: Int }',
        entities: { User: [{ secret: 's', age: 3 }] },
      },
    },
    runs: [
      {
        operation: '{ user { name age } __type(name: "User") { fields { name } } }',
        data: { user: { name: 'Ada', age: 3 }, __type: { fields: [{ name: 'name' }, { name: 'age' }] } },
        fetches: ['a', 'b 1'],
      },
    ],
  },
  {
    name: 'knows only the enum values and input fields that all subgraphs know',
    subgraphs: {
      a: {
        sdl: `
          type Query { user(filter: Filter): User }
          type User @key(fields: "id") { id: ID! level: Level @shareable }
          enum Level { LOW HIGH TOP @inaccessible }
          input Filter { first: Int }
        `,
        query: {
          user: ({ filter }: { filter?: { first: number } }) => ({ id: String(filter?.first ?? 1), level: 'TOP' }),
        },
        entities: { User: [{ id: '1', level: 'TOP' }] },
      },
      b: {
        sdl: `
          type Query { low(level: Level = LOW, filter: Filter): User }
          type User @key(fields: "id") { id: ID! level: Level @shareable }
          enum Level { LOW HIGH }
          input Filter { first: Int after: Int }
        `,
        query: { low: ({ level }: { level: string }) => ({ id: '1', level }) },
        entities: { User: [{ id: '1', level: 'LOW' }] },
      },
    },
    runs: [
      {
        operation: '{ user(filter: { first: 1 }) { id level } }',
        data: { user: { id: '1', level: null } },
        errors: ['user.level'],
        fetches: ['a'],
      },
      {
        operation: '{ low { level } high: low(level: HIGH) { level } }',
        data: { low: { level: 'LOW' }, high: { level: 'HIGH' } },
        fetches: ['b'],
      },
    ],
  },
  {
    name: 'accepts a supergraph with security directives',
    subgraphs: {
      a: {
        sdl: `
          type Query { open: Int user: User @authenticated }
          type User @key(fields: "id") { id: ID! mail: String @requiresScopes(scopes: [["read:mail"]]) plan: String @policy(policies: [["paid"]]) }
        `,
        query: { open: 1, user: { id: '1', mail: 'm', plan: 'p' } },
      },
    },
    runs: [
      { operation: '{ open user { mail plan } }', data: { open: 1, user: { mail: 'm', plan: 'p' } }, fetches: ['a'] },
    ],
  },
]);
