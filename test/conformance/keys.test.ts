import { describeConformance } from '../support/federation/conformance.ts';
import type { SubgraphData } from '../support/federation/data-subgraph.ts';

const catalog: SubgraphData = {
  sdl: `
    type Query { products: [Product] book: Product }
    type Product @key(fields: "upc") { upc: ID! name: String }
  `,
  query: {
    products: [{ upc: '1', name: 'one' }, null, { upc: '2', name: 'two' }, { upc: '1', name: 'one' }],
    book: { upc: '9', name: 'nine' },
  },
};

const stock: SubgraphData = {
  sdl: `type Product @key(fields: "upc") { upc: ID! inStock: Int }`,
  entities: {
    Product: [
      { upc: '1', inStock: 10 },
      { upc: '2', inStock: 20 },
    ],
  },
};

describeConformance('keys: the gateway', [
  {
    name: 'asks for each entity once, in one request',
    subgraphs: { catalog, stock },
    runs: [
      {
        operation: '{ products { name inStock } }',
        data: {
          products: [{ name: 'one', inStock: 10 }, null, { name: 'two', inStock: 20 }, { name: 'one', inStock: 10 }],
        },
        fetches: ['catalog', 'stock 2'],
        documents: { catalog: ['{products{__typename upc name}}'] },
        representations: {
          stock: [
            { __typename: 'Product', upc: '1' },
            { __typename: 'Product', upc: '2' },
          ],
        },
      },
      {
        operation: '{ products { upc name } }',
        data: { products: [{ upc: '1', name: 'one' }, null, { upc: '2', name: 'two' }, { upc: '1', name: 'one' }] },
        fetches: ['catalog'],
        documents: { catalog: ['{products{upc name}}'] },
      },
    ],
  },
  {
    name: 'answers null for the fields of an entity that a subgraph does not know',
    subgraphs: { catalog, stock },
    runs: [
      {
        operation: '{ book { name inStock } }',
        data: { book: { name: 'nine', inStock: null } },
        fetches: ['catalog', 'stock 1'],
      },
    ],
  },
  {
    name: 'asks nothing where there is no entity',
    subgraphs: { catalog: { ...catalog, query: { products: [], book: null } }, stock },
    runs: [
      {
        operation: '{ book { inStock } products { inStock } }',
        data: { book: null, products: [] },
        fetches: ['catalog'],
      },
    ],
  },
  {
    name: 'sends compound and nested keys whole',
    subgraphs: {
      seats: {
        sdl: `
          type Query { seats: [Seat!]! }
          type Seat @key(fields: "hall { id floor { number } } row numbers") { hall: Hall! row: Int! numbers: [Int!]! }
          type Hall { id: ID! floor: Floor! name: String }
          type Floor { number: Int! }
        `,
        query: { seats: [{ hall: { id: 'h', name: 'Hall', floor: { number: 2 } }, row: 3, numbers: [1, 2] }] },
      },
      bookings: {
        sdl: `
          type Seat @key(fields: "hall { id floor { number } } row numbers") { hall: Hall! @external row: Int! @external numbers: [Int!]! @external bookedBy: String }
          type Hall @external { id: ID! floor: Floor! }
          type Floor @external { number: Int! }
        `,
        entities: { Seat: [{ hall: { id: 'h', floor: { number: 2 } }, row: 3, numbers: [1, 2], bookedBy: 'Ada' }] },
      },
    },
    runs: [
      {
        operation: '{ seats { bookedBy } }',
        data: { seats: [{ bookedBy: 'Ada' }] },
        fetches: ['seats', 'bookings 1'],
        representations: {
          bookings: [{ __typename: 'Seat', hall: { id: 'h', floor: { number: 2 } }, row: 3, numbers: [1, 2] }],
        },
      },
    ],
  },
  {
    name: 'sends keys that are lists of objects',
    subgraphs: {
      lists: {
        sdl: `
          type Query { list: ProductList }
          type ProductList @key(fields: "products { id pid }") { products: [Product!]! }
          type Product @key(fields: "id pid") { id: ID! pid: ID! }
        `,
        query: {
          list: {
            products: [
              { id: '1', pid: 'a' },
              { id: '2', pid: 'b' },
            ],
          },
        },
        entities: { ProductList: [], Product: [] },
      },
      links: {
        sdl: `
          type ProductList @key(fields: "products { id pid }") { products: [Product!]! @external first: Product @shareable total: Int }
          type Product @key(fields: "id pid") { id: ID! pid: ID! price: Int }
        `,
        entities: {
          ProductList: [
            {
              products: [
                { id: '1', pid: 'a' },
                { id: '2', pid: 'b' },
              ],
              first: { id: '1', pid: 'a', price: 5 },
              total: 7,
            },
          ],
          Product: [
            { id: '1', pid: 'a', price: 5 },
            { id: '2', pid: 'b', price: 2 },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ list { total first { id price } products { price } } }',
        data: { list: { total: 7, first: { id: '1', price: 5 }, products: [{ price: 5 }, { price: 2 }] } },
        fetches: ['lists', 'links 1', 'links 2'],
      },
    ],
  },
  {
    name: 'goes by a third subgraph where two have no key in common',
    subgraphs: {
      byId: {
        sdl: `type Query { user: User } type User @key(fields: "id") { id: ID! }`,
        query: { user: { id: '1' } },
      },
      both: {
        sdl: `type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! }`,
        entities: { User: [{ id: '1', email: 'a@b' }] },
      },
      byEmail: {
        sdl: `type User @key(fields: "email") { email: String! name: String }`,
        entities: { User: [{ email: 'a@b', name: 'Ada' }] },
      },
    },
    runs: [
      {
        operation: '{ user { name } }',
        data: { user: { name: 'Ada' } },
        fetches: ['byId', 'both 1', 'byEmail 1'],
        representations: { byEmail: [{ __typename: 'User', email: 'a@b' }] },
      },
    ],
  },
  {
    name: 'answers null where a key on the way is null',
    subgraphs: {
      containers: {
        sdl: `type Query { books: [Book!]! } type Book @key(fields: "upc") { upc: ID! }`,
        query: { books: [{ upc: '1' }, { upc: '2' }] },
      },
      authors: {
        sdl: `type Book @key(fields: "upc") { upc: ID! author: Author } type Author @key(fields: "id") { id: ID }`,
        entities: {
          Book: [
            { upc: '1', author: { id: 'a' } },
            { upc: '2', author: null },
          ],
        },
      },
      names: {
        sdl: `type Author @key(fields: "id") { id: ID name: String }`,
        entities: { Author: [{ id: 'a', name: 'Ada' }] },
      },
    },
    runs: [
      {
        operation: '{ books { upc author { name } } }',
        data: {
          books: [
            { upc: '1', author: { name: 'Ada' } },
            { upc: '2', author: null },
          ],
        },
        fetches: ['containers', 'authors 2', 'names 1'],
      },
    ],
  },
  {
    name: 'uses no reference that cannot be resolved, though it can be returned',
    subgraphs: {
      reviews: {
        sdl: `
          type Query { review: Review }
          type Review { id: ID! product: Product }
          type Product @key(fields: "upc", resolvable: false) { upc: ID! }
        `,
        query: { review: { id: 'r', product: { upc: '1' } } },
      },
      catalog: {
        sdl: `type Product @key(fields: "upc") { upc: ID! name: String }`,
        entities: { Product: [{ upc: '1', name: 'one' }] },
      },
    },
    runs: [
      {
        operation: '{ review { product { upc name } } }',
        data: { review: { product: { upc: '1', name: 'one' } } },
        fetches: ['reviews', 'catalog 1'],
      },
      {
        operation: '{ review { product { __typename upc } } }',
        data: { review: { product: { __typename: 'Product', upc: '1' } } },
        fetches: ['reviews'],
      },
    ],
  },
  {
    name: 'finds the parent again where a value type has fields in several subgraphs',
    subgraphs: {
      products: {
        sdl: `
          type Query { product: Product }
          type Product @key(fields: "id") { id: ID! category: Category @shareable }
          type Category @shareable { id: ID! }
        `,
        query: { product: { id: '1', category: { id: 'c' } } },
      },
      details: {
        sdl: `
          type Product @key(fields: "id") { id: ID! category: Category @shareable }
          type Category { id: ID! @shareable details: Details }
          type Details @shareable { text: String }
        `,
        entities: { Product: [{ id: '1', category: { id: 'c', details: { text: 'd' } } }] },
      },
      counts: {
        sdl: `
          type Product @key(fields: "id") { id: ID! category: Category @shareable }
          type Category { id: ID! @shareable count: Int }
        `,
        entities: { Product: [{ id: '1', category: { id: 'c', count: 3 } }] },
      },
    },
    runs: [
      {
        operation: '{ product { category { id details { text } count } } }',
        data: { product: { category: { id: 'c', details: { text: 'd' }, count: 3 } } },
        fetches: ['products', 'details 1', 'counts 1'],
      },
    ],
  },
  {
    name: 'merges one entity that stands at many places of the answer',
    subgraphs: {
      users: {
        sdl: `
          type Query { me: User friends: [User!]! }
          type User @key(fields: "id") { id: ID! friends: [User!]! name: String }
        `,
        query: {
          me: { id: '1', name: 'Ada', friends: [{ id: '2', name: 'Bo', friends: [{ id: '1', name: 'Ada' }] }] },
          friends: [{ id: '2', name: 'Bo' }],
        },
        entities: { User: [{ id: '1', name: 'Ada' }] },
      },
      posts: {
        sdl: 'type User @key(fields: "id") { id: ID! posts: [Post!]! } type Post { text: String by: User! }',
        entities: {
          User: [
            { id: '1', posts: [{ text: 'p1', by: { id: '1' } }] },
            { id: '2', posts: [] },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ me { posts { text by { name } } friends { friends { name posts { by { id } } } } } }',
        data: {
          me: {
            posts: [{ text: 'p1', by: { name: 'Ada' } }],
            friends: [{ friends: [{ name: 'Ada', posts: [{ by: { id: '1' } }] }] }],
          },
        },
        fetches: ['users', 'posts 1', 'posts 1', 'users 1'],
      },
    ],
  },
]);
