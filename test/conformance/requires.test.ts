import { describeConformance } from '../support/federation/conformance.ts';
import type { Row, SubgraphData } from '../support/federation/data-subgraph.ts';

const products: SubgraphData = {
  sdl: `
    type Query { products: [Product] }
    type Product @key(fields: "upc") { upc: ID! price: Int weight: Int size: Size maker: Maker }
    type Size @shareable { height: Int width: Int }
    type Maker @key(fields: "id") { id: ID! country: String }
  `,
  query: {
    products: [
      { upc: '1', price: 10, weight: 1, size: { height: 1, width: 2 }, maker: { id: 'm', country: 'DK' } },
      { upc: '2', price: null, weight: 2, size: null, maker: null },
    ],
  },
  entities: { Maker: [{ id: 'm', country: 'DK' }], Product: [{ upc: '1', price: 10, weight: 1 }] },
};

const shipping: SubgraphData = {
  sdl: `
    type Product @key(fields: "upc") {
      upc: ID!
      price: Int @external
      weight: Int @external
      size: Size @external
      maker: Maker @external
      shipping: Int @requires(fields: "price weight")
      box: String @requires(fields: "size { height width }")
      toll: String @requires(fields: "maker { country }")
      label: String
    }
    type Size @external { height: Int width: Int }
    type Maker @key(fields: "id") { id: ID! country: String @external }
  `,
  entities: {
    Product: ['1', '2'].map((upc) => ({
      upc,
      label: `label ${upc}`,
      shipping(this: Row) {
        return this.price === null ? null : Number(this.price) * Number(this.weight);
      },
      box(this: Row) {
        const size = this.size as Row | null;
        return size && `${size.height}x${size.width}`;
      },
      toll(this: Row) {
        return `from ${(this.maker as Row | null)?.country}`;
      },
    })),
  },
};

describeConformance('requires: the gateway', [
  {
    name: 'fetches what a field requires and sends it with the key, nulls too',
    subgraphs: { products, shipping },
    runs: [
      {
        operation: '{ products { shipping } }',
        data: { products: [{ shipping: 10 }, { shipping: null }] },
        fetches: ['products', 'shipping 2'],
        documents: { products: ['{products{__typename upc price weight}}'] },
        representations: {
          shipping: [
            { __typename: 'Product', upc: '1', price: 10, weight: 1 },
            { __typename: 'Product', upc: '2', price: null, weight: 2 },
          ],
        },
      },
      {
        operation: '{ products { label } }',
        data: { products: [{ label: 'label 1' }, { label: 'label 2' }] },
        fetches: ['products', 'shipping 2'],
        documents: { products: ['{products{__typename upc}}'] },
      },
    ],
  },
  {
    name: 'sends required objects, and null in place of one',
    subgraphs: { products, shipping },
    runs: [
      {
        operation: '{ products { box toll } }',
        data: {
          products: [
            { box: '1x2', toll: 'from DK' },
            { box: null, toll: 'from undefined' },
          ],
        },
        fetches: ['products', 'shipping 2'],
        representations: {
          shipping: [
            { __typename: 'Product', upc: '1', size: { height: 1, width: 2 }, maker: { country: 'DK' } },
            { __typename: 'Product', upc: '2', size: null, maker: null },
          ],
        },
      },
    ],
  },
  {
    name: 'fetches nothing that is only required by a field that is left out',
    subgraphs: { products, shipping },
    runs: [
      {
        operation: 'query ($all: Boolean!) { products { label shipping @include(if: $all) } }',
        variables: { all: false },
        data: { products: [{ label: 'label 1' }, { label: 'label 2' }] },
        fetches: ['products', 'shipping 2'],
      },
      {
        operation: 'query ($all: Boolean!) { products { upc shipping @include(if: $all) } }',
        variables: { all: false },
        data: { products: [{ upc: '1' }, { upc: '2' }] },
        fetches: ['products'],
      },
    ],
  },
  {
    name: 'follows a chain of requirements from subgraph to subgraph',
    subgraphs: {
      a: {
        sdl: 'type Query { thing: Thing } type Thing @key(fields: "id") { id: ID! one: Int }',
        query: { thing: { id: '1', one: 1 } },
        entities: { Thing: [{ id: '1', one: 1 }] },
      },
      b: {
        sdl: 'type Thing @key(fields: "id") { id: ID! one: Int @external two: Int @requires(fields: "one") }',
        entities: {
          Thing: [
            {
              id: '1',
              two(this: Row) {
                return Number(this.one) + 1;
              },
            },
          ],
        },
      },
      c: {
        sdl: 'type Thing @key(fields: "id") { id: ID! two: Int @external three: Int @requires(fields: "two") }',
        entities: {
          Thing: [
            {
              id: '1',
              three(this: Row) {
                return Number(this.two) + 1;
              },
            },
          ],
        },
      },
    },
    runs: [
      { operation: '{ thing { three } }', data: { thing: { three: 3 } }, fetches: ['a', 'b 1', 'c 1'] },
      {
        operation: '{ thing { one two three } }',
        data: { thing: { one: 1, two: 2, three: 3 } },
        fetches: ['a', 'b 1', 'c 1'],
      },
    ],
  },
  {
    name: 'goes to and fro between two subgraphs that require of each other',
    subgraphs: {
      a: {
        sdl: `
          type Query { post: Post }
          type Post @key(fields: "id") { id: ID! byNovice: Boolean @external title: String author: String @requires(fields: "byNovice") }
        `,
        query: { post: { id: '1', title: 't' } },
        entities: {
          Post: [
            {
              id: '1',
              title: 't',
              author(this: Row) {
                return this.byNovice ? 'novice' : 'expert';
              },
            },
          ],
        },
      },
      b: {
        sdl: `type Post @key(fields: "id") { id: ID! title: String @external author: String @external
          byNovice: Boolean @requires(fields: "title") byExpert: Boolean @requires(fields: "author") }`,
        entities: {
          Post: [
            {
              id: '1',
              byNovice(this: Row) {
                return this.title === 't';
              },
              byExpert(this: Row) {
                return this.author !== 'novice';
              },
            },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ post { byExpert } }',
        data: { post: { byExpert: false } },
        fetches: ['a', 'b 1', 'a 1', 'b 1'],
        representations: {
          b: [
            { __typename: 'Post', id: '1', title: 't' },
            { __typename: 'Post', id: '1', author: 'novice' },
          ],
          a: [{ __typename: 'Post', id: '1', byNovice: true }],
        },
      },
    ],
  },
  {
    name: 'sends what fragments of a requirement select, by the type of each object',
    subgraphs: {
      entities: {
        sdl: `
          type Query { entity: Entity }
          type Entity @key(fields: "id") { id: ID! parts: [Part!]! }
          union Part = Wheel | Door
          interface Named { name: String }
          type Wheel implements Named @shareable { name: String radius: Int }
          type Door implements Named @shareable { name: String side: String }
        `,
        query: {
          entity: {
            id: '1',
            parts: [
              { __typename: 'Wheel', name: 'w', radius: 3 },
              { __typename: 'Door', name: 'd', side: 'left' },
            ],
          },
        },
      },
      summaries: {
        sdl: `
          type Entity @key(fields: "id") {
            id: ID!
            parts: [Part!]! @external
            summary: String @requires(fields: "parts { __typename ... on Named { name } ... on Wheel { radius } ... on Door { side } }")
          }
          union Part = Wheel | Door
          interface Named { name: String }
          type Wheel implements Named @shareable { name: String radius: Int }
          type Door implements Named @shareable { name: String side: String }
        `,
        entities: {
          Entity: [
            {
              id: '1',
              summary(this: Row) {
                return JSON.stringify(this.parts);
              },
            },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ entity { summary } }',
        data: {
          entity: {
            summary: JSON.stringify([
              { __typename: 'Wheel', name: 'w', radius: 3 },
              { __typename: 'Door', name: 'd', side: 'left' },
            ]),
          },
        },
        fetches: ['entities', 'summaries 1'],
      },
    ],
  },
  {
    name: 'fetches what is required through an entity of a third subgraph',
    subgraphs: {
      posts: {
        sdl: `
          type Query { feed: [Post!]! }
          type Post @key(fields: "id") { id: ID! authorId: ID @external author: Author @requires(fields: "authorId") }
          type Comment @key(fields: "id") { id: ID! authorId: ID }
          type Author { id: ID! }
        `,
        query: { feed: [{ id: '1' }] },
        entities: {
          Post: [
            {
              id: '1',
              author(this: Row) {
                return { id: this.authorId };
              },
            },
          ],
          Comment: [{ id: 'c', authorId: 'a' }],
        },
      },
      comments: {
        sdl: `
          type Post @key(fields: "id") { id: ID! comment: Comment authorId: ID @requires(fields: "comment { authorId }") }
          type Comment @key(fields: "id") { id: ID! authorId: ID @external }
        `,
        entities: {
          Post: [
            {
              id: '1',
              comment: { id: 'c' },
              authorId(this: Row) {
                return (this.comment as Row).authorId;
              },
            },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ feed { author { id } } }',
        data: { feed: [{ author: { id: 'a' } }] },
        fetches: ['posts', 'comments 1', 'posts 1', 'comments 1', 'posts 1'],
      },
    ],
  },
  {
    name: 'sends what a type requires of an interface field',
    subgraphs: {
      users: {
        sdl: `
          type Query { user: User }
          type User @key(fields: "id") { id: ID! address: Address }
          interface Address { city: String }
          type Home implements Address @key(fields: "id") { id: ID! city: String street: String }
          type Box implements Address @key(fields: "id") { id: ID! city: String number: Int }
        `,
        query: { user: { id: '1', address: { __typename: 'Box', id: 'b', city: 'Aarhus', number: 3 } } },
      },
      mail: {
        sdl: `
          type User @key(fields: "id") {
            id: ID!
            address: Address @external
            city: String @requires(fields: "address { __typename city }")
            place: String @requires(fields: "address { __typename ... on Home { street } ... on Box { number } }")
          }
          interface Address { city: String }
          type Home implements Address @key(fields: "id") { id: ID! city: String @external street: String @external }
          type Box implements Address @key(fields: "id") { id: ID! city: String @external number: Int @external }
        `,
        entities: {
          User: [
            {
              id: '1',
              city(this: Row) {
                return (this.address as Row).city;
              },
              place(this: Row) {
                return JSON.stringify(this.address);
              },
            },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ user { city } }',
        data: { user: { city: 'Aarhus' } },
        fetches: ['users', 'mail 1'],
      },
      {
        operation: '{ user { place address { city } } }',
        data: { user: { place: '{"__typename":"Box","number":3}', address: { city: 'Aarhus' } } },
        fetches: ['users', 'mail 1'],
      },
    ],
  },
  {
    name: 'requires for the items of a list, of which some have no entity',
    subgraphs: { products, shipping },
    runs: [
      {
        operation: '{ products { upc maker { id } shipping toll } }',
        data: {
          products: [
            { upc: '1', maker: { id: 'm' }, shipping: 10, toll: 'from DK' },
            { upc: '2', maker: null, shipping: null, toll: 'from undefined' },
          ],
        },
        fetches: ['products', 'shipping 2'],
      },
    ],
  },
]);
