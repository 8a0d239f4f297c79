import { createTestSubgraph, type TestSubgraph } from '../../test/support/federation/subgraph.ts';

/**
 * The shop of the public gateways benchmark (graphql-hive/graphql-gateways-benchmark) in its shape and size: four
 * subgraphs, six users who each wrote the first two reviews, nine products, eleven reviews by the first user. The
 * words are ours. `Query.users` takes an argument that changes nothing, so that requests can differ.
 */

const users = ['Ada Byron', 'Bela Karoly', 'Chidi Okafor', 'Dana Whitfield', 'Emi Takahashi', 'Farid Rahimi'].map(
  (name, index) => ({
    id: String(index + 1),
    name,
    username: name.toLowerCase().replace(' ', ''),
    birthday: 631152000,
  }),
);

const products = [
  { name: 'Bench', price: 899, weight: 100, inStock: true },
  { name: 'Press', price: 1299, weight: 1000, inStock: false },
  { name: 'Ruler', price: 15, weight: 20, inStock: false },
  { name: 'Stool', price: 499, weight: 100, inStock: false },
  { name: 'Lathe', price: 1299, weight: 1000, inStock: true },
  { name: 'Clock', price: 6999, weight: 300, inStock: true },
  { name: 'Forge', price: 3999, weight: 2000, inStock: true },
  { name: 'Cooler', price: 100000, weight: 6000, inStock: false },
  { name: 'Desk', price: 9999, weight: 800, inStock: true },
].map((product, index) => ({ upc: String(index + 1), ...product }));

const prose =
  `It came on a rainy Tuesday, two days early, in a box that had clearly seen the inside of several vans. The
feet are level, the joints are tight, and nothing creaks when the whole family leans on it at once, which they do. We have
spilled tea, ink and a whole jar of beetroot over it since then; all of it wiped off with a wet cloth. The manual is one
page and half of that is a drawing of somebody smiling, yet it took less than an hour to put everything together. If there
is one thing to complain about, it is that the screws are counted so exactly that losing one means a walk to the shop. Would
I buy it again? Yes, and in fact I did: the second one stands in the workshop, carries a vice and has not moved an inch
since spring. Recommended to anyone who wants a plain thing that is made well and stays where it was put.`.replaceAll(
    '\n',
    ' ',
  );

/** The product of every review, and how long its text is. */
const reviews = [
  ['1', 446],
  ['1', 290],
  ['1', 274],
  ['1', 146],
  ['2', 446],
  ['2', 290],
  ['2', 274],
  ['2', 146],
  ['3', 146],
  ['4', 146],
  ['4', 830],
].map(([upc, length], index) => ({ id: String(index + 1), upc: String(upc), body: prose.slice(0, Number(length)) }));

const [firstUser] = users;

const accounts = createTestSubgraph(
  'accounts',
  `
  type Query {
    me: User
    user(id: ID!): User
    users(visit: ID): [User]
  }
  type User @key(fields: "id") {
    id: ID!
    name: String
    username: String @shareable
    birthday: Int
  }
`,
  {
    Query: {
      me: () => firstUser,
      user: (_source: unknown, { id }: { id: string }) => users.find((user) => user.id === id),
      users: () => users,
    },
    User: { __resolveReference: ({ id }: { id: string }) => users.find((user) => user.id === id) },
  },
);

const inventory = createTestSubgraph(
  'inventory',
  `
  type Product @key(fields: "upc") {
    upc: String!
    price: Int @external
    weight: Int @external
    inStock: Boolean
    shippingEstimate: Int @requires(fields: "price weight")
  }
`,
  {
    Product: {
      __resolveReference: (reference: { upc: string }) => ({
        ...reference,
        inStock: products.find(({ upc }) => upc === reference.upc)?.inStock,
      }),
      shippingEstimate: ({ price, weight }: { price: number; weight: number }) =>
        price > 1000 ? 0 : Math.floor(weight / 2),
    },
  },
);

const catalogue = createTestSubgraph(
  'products',
  `
  type Query {
    topProducts(first: Int = 5): [Product]
  }
  type Product @key(fields: "upc") {
    upc: String!
    name: String
    price: Int
    weight: Int
  }
`,
  {
    Query: { topProducts: (_source: unknown, { first }: { first: number }) => products.slice(0, first) },
    Product: {
      __resolveReference: (reference: { upc: string }) => products.find(({ upc }) => upc === reference.upc),
    },
  },
);

const opinions = createTestSubgraph(
  'reviews',
  `
  type Review @key(fields: "id") {
    id: ID!
    body: String
    product: Product
    author: User @provides(fields: "username")
  }
  type User @key(fields: "id") {
    id: ID!
    username: String @external
    reviews: [Review]
  }
  type Product @key(fields: "upc") {
    upc: String!
    reviews: [Review]
  }
`,
  {
    Review: {
      __resolveReference: ({ id }: { id: string }) => reviews.find((review) => review.id === id),
      product: ({ upc }: { upc: string }) => ({ upc }),
      author: () => ({ id: firstUser?.id, username: firstUser?.username }),
    },
    User: { reviews: () => reviews.slice(0, 2) },
    Product: { reviews: ({ upc }: { upc: string }) => reviews.filter((review) => review.upc === upc) },
  },
);

/** The subgraphs of the shop, each of which can answer any operation on its schema. */
export const shop: readonly TestSubgraph[] = [accounts, inventory, catalogue, opinions];
