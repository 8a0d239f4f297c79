import type { Resolvers } from '../subgraph.ts';
import { books, find, findAll, gadgets, type Keyed, products, users } from './records.ts';

export const productsSdl = `
  type Query {
    product(upc: String!): Product
    book(isbn: String!): Book
    topProducts(first: Int! = 3): [Product!]!
    shelves: [[Product]!]
    search(text: String, limit: Int): [SearchResult!]!
    release: String! @shareable
  }

  interface Product { upc: String!  title: String  price: Int  tags: [String!]  related: [[Product!]!]! }
  union SearchResult = Book | Gadget | User

  type Book implements Product @key(fields: "upc") @key(fields: "isbn") {
    upc: String!
    isbn: String!
    title: String
    price: Int
    tags: [String!]
    related: [[Product!]!]!
    pages(unit: String): Int!
    dimensions: Dimensions
    author: User
  }

  type Gadget implements Product @key(fields: "upc") {
    upc: String!
    title: String
    price: Int
    tags: [String!]
    related: [[Product!]!]!
    voltage: Int
    dimensions: Dimensions
  }

  type Dimensions @shareable { width: Int!  weight: Float }

  type User @key(fields: "id") { id: ID!  wishList: [Product!] }
`;

const productsOf = ({ relatedUpcs }: Keyed) =>
  (relatedUpcs as readonly (readonly string[])[]).map((upcs) => findAll(products, 'upc', upcs));

export const productsResolvers: Resolvers = {
  Query: {
    product: (_: never, { upc }: { upc: string }) => find(products, 'upc', upc),
    book: (_: never, { isbn }: { isbn: string }) => find(books, 'isbn', isbn),
    topProducts: (_: never, { first }: { first: number }) => products.slice(2, 2 + Math.max(0, first)),
    shelves: () => [books.slice(0, 2), [null, gadgets[0]], []],
    search: (_: never, { limit }: { limit?: number | null }) =>
      [books[0], gadgets[1], users[2], books[3], users[0]].slice(0, limit ?? 4),
    release: () => '1.0',
  },
  Book: {
    __resolveReference: ({ upc, isbn }: { upc?: string; isbn?: string }) =>
      upc === undefined ? find(books, 'isbn', isbn) : find(books, 'upc', upc),
    related: productsOf,
    author: ({ authorId }: Keyed) => find(users, 'id', authorId),
  },
  Gadget: { __resolveReference: ({ upc }: { upc: string }) => find(gadgets, 'upc', upc), related: productsOf },
  User: {
    __resolveReference: ({ id }: { id: string }) => find(users, 'id', id),
    wishList: ({ wishIds }: Keyed) => findAll(products, 'upc', wishIds),
  },
};
