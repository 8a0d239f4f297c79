import { describeConformance } from '../support/federation/conformance.ts';
import type { Row, SubgraphData } from '../support/federation/data-subgraph.ts';

/** What the planner of Apollo gets wrong, each mended here before or after it plans. */

const prices: SubgraphData = {
  sdl: `
    type Query { products: [Product!]! }
    type Product @key(fields: "upc") {
      upc: ID!
      weight: Int
      price(currency: String!): Int
      category: Category
    }
    type Category @shareable { averagePrice(currency: String!): Int }
  `,
  query: { products: [1, 2].map(product) },
};

function product(number: number): Row {
  const price = ({ currency }: { currency: string }) => (currency === 'EUR' ? 10 : 1) * number;
  return { upc: `p${number}`, weight: number, price, category: { averagePrice: price } };
}

const shipping: SubgraphData = {
  sdl: `
    type Product @key(fields: "upc") {
      upc: ID!
      weight: Int @external
      price(currency: String!): Int @external
      category: Category @external
      shippingInDollars: Int @requires(fields: "price(currency: \\"USD\\") weight")
      shippingInEuros(factor: Int): Int @requires(fields: "price(currency: \\"EUR\\") weight")
      isCheap: Boolean @requires(fields: "category { averagePrice(currency: \\"EUR\\") }")
      isDear: Boolean @requires(fields: "category { averagePrice(currency: \\"USD\\") }")
      warehouse: String
    }
    type Category @external { averagePrice(currency: String!): Int }
  `,
  entities: {
    Product: ['p1', 'p2'].map((upc) => ({
      upc,
      warehouse: `w-${upc}`,
      shippingInDollars(this: Row) {
        return Number(this.price) * Number(this.weight);
      },
      shippingInEuros(this: Row, { factor }: { factor?: number }) {
        return Number(this.price) * Number(this.weight) * (factor ?? 1);
      },
      isCheap(this: Row) {
        return Number((this.category as Row).averagePrice) < 15;
      },
      isDear(this: Row) {
        return Number((this.category as Row).averagePrice) > 1;
      },
    })),
  },
};

const posts: SubgraphData = {
  sdl: `
    type Query { feed: [Post!]! }
    type Post @key(fields: "id") { id: ID!  author: String @requires(fields: "comments(limit: 3) { by }")  comments(limit: Int): [Comment!] @external }
    type Comment @key(fields: "id") { id: ID!  by: String @external }
  `,
  query: { feed: [{ id: '1' }] },
  entities: {
    Post: [
      {
        id: '1',
        author(this: Row) {
          return (this.comments as readonly Row[]).map(({ by }) => by).join('+');
        },
      },
    ],
  },
};

const comments: SubgraphData = {
  sdl: `
    type Post @key(fields: "id") { id: ID!  comments(limit: Int): [Comment!] }
    type Comment @key(fields: "id") { id: ID!  text: String  by: String }
  `,
  entities: {
    Post: [{ id: '1', comments: ({ limit }: { limit?: number }) => [1, 2, 3, 4].map(comment).slice(0, limit) }],
    Comment: [1, 2, 3, 4].map(comment),
  },
};

function comment(number: number): Row {
  return { id: `c${number}`, text: `text ${number}`, by: `author ${number}` };
}

describeConformance('the faults of the stock planner: the gateway', [
  {
    name: 'comes back to a subgraph by a key that can be resolved there, not by the first one',
    subgraphs: {
      names: {
        sdl: `
          type Thing @key(fields: "id") @key(fields: "code", resolvable: false) @key(fields: "place { row seat }", resolvable: false) {
            id: ID!  code: ID!  place: Place!  name: String
          }
          type Place @shareable { row: Int!  seat: Int!  floor: Int! }
        `,
        entities: { Thing: [{ id: '1', code: 'c1', place: { row: 1, seat: 2, floor: 3 }, name: 'one' }] },
      },
      labels: {
        sdl: `
          type Query { things: [Thing!]! }
          type Thing
            @key(fields: "code", resolvable: false)
            @key(fields: "id place { row floor }")
            @key(fields: "id", resolvable: false) {
            id: ID!  code: ID!  place: Place!  name: String @external  label: String @requires(fields: "name")
          }
          type Place @shareable { row: Int!  seat: Int!  floor: Int! }
        `,
        query: { things: [{ id: '1', code: 'c1', place: { row: 1, seat: 2, floor: 3 } }] },
        entities: {
          Thing: [
            {
              id: '1',
              place: { row: 1, seat: 2, floor: 3 },
              label(this: Row) {
                return `the ${this.name}`;
              },
            },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ things { id name label } }',
        data: { things: [{ id: '1', name: 'one', label: 'the one' }] },
        fetches: ['labels', 'labels 1', 'names 1'],
        representations: {
          names: [{ __typename: 'Thing', id: '1' }],
          labels: [{ __typename: 'Thing', id: '1', place: { row: 1, floor: 3 }, name: 'one' }],
        },
      },
    ],
  },
  {
    name: 'keeps what a client asks for apart from what a field requires with other arguments',
    subgraphs: { posts, comments },
    runs: [
      {
        operation: '{ feed { author comments(limit: 1) { id text } } }',
        data: { feed: [{ author: 'author 1+author 2+author 3', comments: [{ id: 'c1', text: 'text 1' }] }] },
        fetches: ['posts', 'comments 1', 'posts 1'],
        representations: {
          posts: [{ __typename: 'Post', id: '1', comments: [1, 2, 3].map((n) => ({ by: `author ${n}` })) }],
        },
      },
      {
        operation: `query ($limit: Int = 2) { feed { ...One author ...Two } }
          fragment One on Post { comments(limit: $limit) { id } }
          fragment Two on Post { comments(limit: $limit) { by } few: comments(limit: 1) { id } all: comments { id } }`,
        data: {
          feed: [
            {
              comments: [
                { id: 'c1', by: 'author 1' },
                { id: 'c2', by: 'author 2' },
              ],
              author: 'author 1+author 2+author 3',
              few: [{ id: 'c1' }],
              all: ['c1', 'c2', 'c3', 'c4'].map((id) => ({ id })),
            },
          ],
        },
        fetches: ['posts', 'comments 1', 'posts 1'],
      },
      {
        operation: '{ feed { comments(limit: 3) { id } } }',
        data: { feed: [{ comments: [{ id: 'c1' }, { id: 'c2' }, { id: 'c3' }] }] },
        fetches: ['posts', 'comments 1'],
      },
    ],
  },
  {
    name: 'fetches fields apart that require different arguments of the same field',
    subgraphs: { prices, shipping },
    runs: [
      {
        operation: '{ products { upc shippingInDollars shippingInEuros } }',
        data: {
          products: [
            { upc: 'p1', shippingInDollars: 1, shippingInEuros: 10 },
            { upc: 'p2', shippingInDollars: 4, shippingInEuros: 40 },
          ],
        },
        fetches: ['prices', 'shipping 2', 'shipping 2'],
        representations: {
          shipping: [
            { __typename: 'Product', upc: 'p1', price: 1, weight: 1 },
            { __typename: 'Product', upc: 'p2', price: 2, weight: 2 },
            { __typename: 'Product', upc: 'p1', price: 10, weight: 1 },
            { __typename: 'Product', upc: 'p2', price: 20, weight: 2 },
          ],
        },
      },
      {
        operation: `query ($factor: Int!) {
          products { price(currency: "EUR") warehouse isCheap isDear shippingInDollars ...Euros }
        }
        fragment Euros on Product { shippingInEuros(factor: $factor) }`,
        variables: { factor: 2 },
        data: {
          products: [
            { price: 10, warehouse: 'w-p1', isCheap: true, isDear: false, shippingInDollars: 1, shippingInEuros: 20 },
            { price: 20, warehouse: 'w-p2', isCheap: false, isDear: true, shippingInDollars: 4, shippingInEuros: 80 },
          ],
        },
        fetches: ['prices', 'shipping 2', 'shipping 2'],
      },
      {
        operation: '{ products { isCheap shippingInEuros } }',
        data: {
          products: [
            { isCheap: true, shippingInEuros: 10 },
            { isCheap: false, shippingInEuros: 40 },
          ],
        },
        fetches: ['prices', 'shipping 2'],
      },
    ],
  },
  {
    name: 'tells where an error is by the names of the client, whatever the fetches call the fields',
    subgraphs: {
      prices: {
        ...prices,
        query: {
          products: [
            {
              ...product(1),
              price({ currency }: { currency: string }) {
                throw new Error(`no price in ${currency}`);
              },
            },
          ],
        },
      },
      shipping,
    },
    runs: [
      {
        operation: '{ products { shippingInDollars weight: price(currency: "X") } }',
        data: { products: [{ shippingInDollars: 0, weight: null }] },
        errors: ['products.0.price', 'products.0.weight'],
        fetches: ['prices', 'shipping 1'],
      },
    ],
  },
  {
    name: 'does not take an alias for the field that it names',
    subgraphs: { prices, shipping },
    runs: [
      {
        operation: '{ products { upc: warehouse weight: shippingInDollars price: upc __typename: weight } }',
        data: {
          products: [
            { upc: 'w-p1', weight: 1, price: 'p1', __typename: 1 },
            { upc: 'w-p2', weight: 4, price: 'p2', __typename: 2 },
          ],
        },
        fetches: ['prices', 'shipping 2'],
      },
    ],
  },
  {
    name: 'answers fields whose conditions leave out what only others require',
    subgraphs: { prices, shipping },
    runs: [true, false].map((yes) => ({
      operation:
        'query ($yes: Boolean!) { products { warehouse shippingInDollars @include(if: $yes) ... @skip(if: $yes) { isCheap } } }',
      variables: { yes },
      data: {
        products: yes
          ? [
              { warehouse: 'w-p1', shippingInDollars: 1 },
              { warehouse: 'w-p2', shippingInDollars: 4 },
            ]
          : [
              { warehouse: 'w-p1', isCheap: true },
              { warehouse: 'w-p2', isCheap: false },
            ],
      },
      fetches: ['prices', 'shipping 2'],
    })),
  },
  {
    name: 'makes no fetch of which every field is left out, each for a reason of its own',
    subgraphs: { prices, shipping },
    runs: [
      {
        operation:
          'query ($a: Boolean!, $b: Boolean!) { products { upc warehouse @include(if: $a) shippingInDollars @skip(if: $b) isCheap @skip(if: true) } }',
        variables: { a: false, b: true },
        data: { products: [{ upc: 'p1' }, { upc: 'p2' }] },
        fetches: ['prices'],
      },
    ],
  },
]);
