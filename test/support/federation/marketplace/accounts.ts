import type { Resolvers } from '../subgraph.ts';
import { bots, find, findAll, type Keyed, users } from './records.ts';

export const accountsSdl = `
  type Query {
    me: User
    user(id: ID!): User
    users(first: Int = 4): [User!]!
    accounts: [Account]!
    actors(kinds: [ActorKind!] = [USER, BOT]): [Actor!]
    release: String! @shareable
  }

  type Mutation {
    renameUser(input: RenameUserInput!): RenameUserPayload!
    touchUser(id: ID!): User
  }

  input RenameUserInput { id: ID!  name: String!  shout: Boolean = false }
  type RenameUserPayload { user: User  message: String!  query: Query! }

  enum ActorKind { USER BOT }
  enum Role { ADMIN MEMBER GUEST }

  interface Account { id: ID!  email: String  name: String! }
  union Actor = User | Bot

  type User implements Account @key(fields: "id") @key(fields: "email") {
    id: ID!
    email: String!
    name: String! @shareable
    nickname(short: Boolean = false): String
    role: Role!
    address: Address
    friends(first: Int): [Account!]
    bestFriend: User
  }

  type Bot implements Account @key(fields: "id") {
    id: ID!
    email: String
    name: String!
    version: Int!
    owner: User!
  }

  type Address @shareable { street: String  city: String!  country: String }
`;

const accounts: readonly Keyed[] = [...users, ...bots];

export const accountsResolvers: Resolvers = {
  Query: {
    me: () => find(users, 'id', 'u1'),
    user: (_: never, { id }: { id: string }) => find(users, 'id', id),
    users: (_: never, { first }: { first: number }) => users.slice(0, Math.max(0, first)),
    accounts: () => [...users.slice(0, 3), null, ...bots],
    actors: (_: never, { kinds }: { kinds: readonly string[] }) =>
      accounts.filter(({ __typename }) => kinds.includes(__typename.toUpperCase())),
    release: () => '1.0',
  },
  Mutation: {
    renameUser: (_: never, { input }: { input: { id: string; name: string; shout: boolean } }) => {
      const user = find(users, 'id', input.id);
      const name = input.shout ? input.name.toUpperCase() : input.name;
      return { __typename: 'RenameUserPayload', key: `rename ${input.id}`, user, message: `Now ${name}`, query: {} };
    },
    touchUser: (_: never, { id }: { id: string }) => find(users, 'id', id),
  },
  User: {
    __resolveReference: ({ id, email }: { id?: string; email?: string }) =>
      id === undefined ? find(users, 'email', email) : find(users, 'id', id),
    nickname: ({ nickname }: Keyed, { short }: { short: boolean }) =>
      typeof nickname === 'string' && short ? nickname.slice(0, 1) : nickname,
    friends: ({ friendIds }: Keyed, { first }: { first?: number }) =>
      findAll(accounts, 'id', friendIds).slice(0, first ?? 3),
    bestFriend: ({ friendIds }: Keyed) => find(users, 'id', (friendIds as readonly string[])[0]),
  },
  Bot: {
    __resolveReference: ({ id }: { id: string }) => find(bots, 'id', id),
    owner: ({ ownerId }: Keyed) => find(users, 'id', ownerId),
  },
};
