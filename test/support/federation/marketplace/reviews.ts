import type { Resolvers } from '../subgraph.ts';
import { books, bots, find, findAll, gadgets, type Keyed, products, reviews, users } from './records.ts';

export const reviewsSdl = `
  type Query {
    review(id: ID!): Review
    latestReviews(first: Int = 3): [Review]
    topProduct: Product
  }

  type Mutation { addReview(upc: String!, body: String, stars: Int = 3): AddReviewPayload }
  type AddReviewPayload { review: Review!  product: Product }

  type Review @key(fields: "id") {
    id: ID!
    body: String
    stars: Int!
    author: User! @provides(fields: "name")
    writer: Actor
    subject: Product
  }

  type User @key(fields: "id") {
    id: ID!
    name: String! @external
    reviews(first: Int = 2): [Review!]!
    karma: Int!
  }

  type Bot @key(fields: "id") { id: ID!  reviewCount: Int }
  union Actor = User | Bot

  interface Product { upc: String!  reviews: [Review!]  rating: Float }
  type Book implements Product @key(fields: "upc") {
    upc: String!
    reviews: [Review!]
    rating: Float
    blurb: String
  }
  type Gadget implements Product @key(fields: "upc") { upc: String!  reviews: [Review!]  rating: Float }
`;

const reviewsOf = ({ reviewIds }: Keyed) => findAll(reviews, 'id', reviewIds);
const ratingOf = ({ reviewIds }: Keyed) => (reviewIds as readonly string[]).length + 0.5;

export const reviewsResolvers: Resolvers = {
  Query: {
    review: (_: never, { id }: { id: string }) => find(reviews, 'id', id),
    latestReviews: (_: never, { first }: { first: number }) => [...reviews.slice(0, Math.max(0, first)), null],
    topProduct: () => books[1] ?? null,
  },
  Mutation: {
    addReview: (_: never, { upc, body, stars }: { upc: string; body?: string; stars: number }) => ({
      __typename: 'AddReviewPayload',
      key: `review of ${upc}`,
      review: { ...reviews[0], key: `new review of ${upc}`, body, stars },
      product: find(products, 'upc', upc),
    }),
  },
  Review: {
    __resolveReference: ({ id }: { id: string }) => find(reviews, 'id', id),
    author: ({ authorId }: Keyed) => find(users, 'id', authorId),
    writer: ({ authorId, authorType }: Keyed) =>
      authorType === 'Bot' ? find(bots, 'id', 'b1') : find(users, 'id', authorId),
    subject: ({ subjectUpc }: Keyed) => find(products, 'upc', subjectUpc),
  },
  User: {
    __resolveReference: ({ id }: { id: string }) => find(users, 'id', id),
    reviews: (user: Keyed, { first }: { first: number }) => reviewsOf(user).slice(0, Math.max(0, first)),
  },
  Bot: {
    __resolveReference: ({ id }: { id: string }) => find(bots, 'id', id),
    reviewCount: ({ id }: Keyed) => reviews.filter(({ authorId }) => authorId === id).length,
  },
  Book: {
    __resolveReference: ({ upc }: { upc: string }) => find(books, 'upc', upc),
    reviews: reviewsOf,
    rating: ratingOf,
    blurb: ({ title }: Keyed) => `About ${String(title)}`,
  },
  Gadget: {
    __resolveReference: ({ upc }: { upc: string }) => find(gadgets, 'upc', upc),
    reviews: reviewsOf,
    rating: ratingOf,
  },
};
