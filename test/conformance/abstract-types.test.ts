import { describeConformance } from '../support/federation/conformance.ts';
import type { SubgraphData } from '../support/federation/data-subgraph.ts';

const shop: SubgraphData = {
  sdl: `
    type Query { products: [Product!]! similar: [Similar] anything: [Anything!]! }
    interface Product { id: ID! dimensions: Dimensions }
    interface Similar { id: ID! }
    union Anything = Book | Magazine | Note
    type Book implements Product & Similar @key(fields: "id") { id: ID! dimensions: Dimensions }
    type Magazine implements Product & Similar @key(fields: "id") { id: ID! dimensions: Dimensions issue: Int! }
    type Note { text: String }
    type Dimensions @shareable { size: Int }
  `,
  query: {
    products: [
      { __typename: 'Book', id: 'b1', dimensions: { size: 1 } },
      { __typename: 'Magazine', id: 'm1', dimensions: null, issue: 3 },
      { __typename: 'Book', id: 'b2', dimensions: null },
    ],
    similar: [{ __typename: 'Magazine', id: 'm1' }, null],
    anything: [
      { __typename: 'Note', text: 'n' },
      { __typename: 'Book', id: 'b1' },
    ],
  },
};

const titles: SubgraphData = {
  sdl: `
    interface Product { id: ID! title: String }
    type Book implements Product @key(fields: "id") { id: ID! title: String pages: Int! }
    type Magazine implements Product @key(fields: "id") { id: ID! title: String pages: Int }
  `,
  entities: {
    Book: [
      { id: 'b1', title: 'B1', pages: 10 },
      { id: 'b2', title: 'B2', pages: 20 },
    ],
    Magazine: [{ id: 'm1', title: 'M1', pages: null }],
  },
};

describeConformance('abstract types: the gateway', [
  {
    name: 'fetches the fields of an interface for each of its types in one request',
    subgraphs: { shop, titles },
    runs: [
      {
        operation: '{ products { id title dimensions { size } } }',
        data: {
          products: [
            { id: 'b1', title: 'B1', dimensions: { size: 1 } },
            { id: 'm1', title: 'M1', dimensions: null },
            { id: 'b2', title: 'B2', dimensions: null },
          ],
        },
        fetches: ['shop', 'titles 3'],
        representations: {
          titles: [
            { __typename: 'Book', id: 'b1' },
            { __typename: 'Magazine', id: 'm1' },
            { __typename: 'Book', id: 'b2' },
          ],
        },
      },
      {
        operation: '{ similar { ... on Product { title } } }',
        data: { similar: [{ title: 'M1' }, null] },
        fetches: ['shop', 'titles 1'],
      },
    ],
  },
  {
    name: 'asks only for the types that a fragment names',
    subgraphs: { shop, titles },
    runs: [
      {
        operation:
          '{ products { ... on Magazine { issue title } } anything { ... on Book { title } ... on Note { text } } }',
        data: { products: [{}, { issue: 3, title: 'M1' }, {}], anything: [{ text: 'n' }, { title: 'B1' }] },
        fetches: ['shop', 'titles 1', 'titles 1'],
      },
      {
        operation: '{ anything { __typename ... on Similar { id } } }',
        data: {
          anything: [{ __typename: 'Note' }, { __typename: 'Book', id: 'b1' }],
        },
        fetches: ['shop'],
      },
    ],
  },
  {
    name: 'fetches fields of one name apart whose types differ in the subgraph, and not for the client',
    subgraphs: {
      a: {
        sdl: `
          type Query { accounts: [Account!]! }
          union Account = User | Admin
          type User @key(fields: "id") { id: ID! name: String! @shareable similar: [Account] }
          type Admin { id: ID! name: String similar: [Account!]! }
        `,
        query: {
          accounts: [
            {
              __typename: 'User',
              id: 'u',
              name: 'U',
              similar: [{ __typename: 'Admin', id: 'a', name: null, similar: [] }, null],
            },
            {
              __typename: 'Admin',
              id: 'a',
              name: null,
              similar: [{ __typename: 'User', id: 'u', name: 'U', similar: null }],
            },
          ],
        },
        entities: { User: [{ id: 'u', name: 'U', similar: null }] },
      },
      b: {
        sdl: `
          type Query { user: User }
          type User @key(fields: "id") { id: ID! name: String @shareable nick: String }
        `,
        query: { user: null },
        entities: { User: [{ id: 'u', name: 'U', nick: 'N' }] },
      },
    },
    runs: [
      {
        operation: `{ accounts { ... on User { name nick } ... on Admin { id name } ... on User { similar { ...More } } } }
          fragment More on Account { ... on User { id name nick } ... on Admin { id name } }`,
        data: {
          accounts: [
            { name: 'U', nick: 'N', similar: [{ id: 'a', name: null }, null] },
            { id: 'a', name: null },
          ],
        },
        fetches: ['a', 'b 1'],
      },
    ],
  },
  {
    name: 'follows interfaces that refer to one another in a circle',
    subgraphs: {
      a: {
        sdl: `
          type Query { product: Product }
          interface Product { samePrice: [Product!]! }
          type Book implements Product @key(fields: "id") { id: ID! samePrice: [Product!]! @provides(fields: "price") price: Float @external }
        `.replace(' @provides(fields: "price") price: Float @external', ''),
        query: {
          product: { __typename: 'Book', id: '1', samePrice: [{ __typename: 'Book', id: '2', samePrice: [] }] },
        },
        entities: { Book: [{ id: '1', samePrice: [{ __typename: 'Book', id: '2' }] }] },
      },
      b: {
        sdl: 'type Book @key(fields: "id") { id: ID! price: Float }',
        entities: {
          Book: [
            { id: '1', price: 1.5 },
            { id: '2', price: 2.5 },
          ],
        },
      },
    },
    runs: [
      {
        operation:
          '{ product { samePrice { ... on Book { price } samePrice { __typename } } ... on Book { id price } } }',
        data: { product: { samePrice: [{ price: 2.5, samePrice: [] }], id: '1', price: 1.5 } },
        fetches: ['a', 'b 1', 'b 1'],
      },
    ],
  },
  {
    name: 'knows that a union has other members in another subgraph',
    subgraphs: {
      a: {
        sdl: `
          type Query { media: Media @shareable first: Media }
          union Media = Book | Song
          type Book @key(fields: "id") { id: ID! title: String @shareable }
          type Song @key(fields: "id") { id: ID! title: String @shareable }
        `,
        query: {
          media: { __typename: 'Book', id: 'b', title: 'B' },
          first: { __typename: 'Song', id: 's', title: 'S' },
        },
        entities: { Book: [{ id: 'b', title: 'B' }], Song: [] },
      },
      b: {
        sdl: `
          type Query { media: Media @shareable second: Media }
          union Media = Book | Film
          type Book @key(fields: "id") { id: ID! title: String @shareable pages: Int }
          type Film @key(fields: "id") { id: ID! title: String @shareable }
        `,
        query: {
          media: { __typename: 'Book', id: 'b', title: 'B' },
          second: { __typename: 'Film', id: 'f', title: 'F' },
        },
        entities: { Book: [{ id: 'b', title: 'B', pages: 7 }], Film: [] },
      },
    },
    runs: [
      {
        operation:
          '{ first { ... on Book { title } ... on Song { title } ... on Film { title } } second { ... on Film { title } } }',
        data: { first: { title: 'S' }, second: { title: 'F' } },
        fetches: ['a', 'b'],
      },
      {
        operation: '{ media { __typename ... on Book { title } } }',
        data: { media: { __typename: 'Book', title: 'B' } },
        fetches: ['a'],
      },
      { operation: '{ first { ... on Film { id } } }', data: { first: {} }, fetches: ['a'] },
      {
        operation: '{ first { __typename ... on Film { id } } }',
        data: { first: { __typename: 'Song' } },
        fetches: ['a'],
      },
    ],
  },
  {
    name: 'finds the members of a union inside a value type that subgraphs share',
    subgraphs: {
      a: {
        sdl: `
          type Query { response: Response }
          type Response @shareable { actions: [Action!]! message: String }
          union Action = Alpha | Beta
          type Alpha @shareable { id: ID! value: String }
          type Beta { id: ID! name: String }
        `,
        query: {
          response: {
            message: 'm',
            actions: [
              { __typename: 'Alpha', id: '1', value: 'v' },
              { __typename: 'Beta', id: '2', name: 'n' },
            ],
          },
        },
      },
      b: {
        sdl: `
          type Query { other: Response }
          type Response @shareable { actions: [Action!]! message: String }
          union Action = Alpha
          type Alpha @shareable { id: ID! value: String }
        `,
        query: { other: { message: 'o', actions: [] } },
      },
    },
    runs: [
      {
        operation:
          '{ response { actions { __typename ... on Alpha { value } ... on Beta { name } } } other { actions { ... on Beta { name } } } }',
        data: {
          response: {
            actions: [
              { __typename: 'Alpha', value: 'v' },
              { __typename: 'Beta', name: 'n' },
            ],
          },
          other: { actions: [] },
        },
        fetches: ['a', 'b'],
      },
    ],
  },
  {
    name: 'knows an interface that only some subgraphs give to an object',
    subgraphs: {
      a: {
        sdl: `
          type Query { nodes: [Node!]! toaster: Toaster }
          interface Node { id: ID! }
          type Oven implements Node @key(fields: "id") { id: ID! }
          type Toaster implements Node @key(fields: "id") { id: ID! }
        `,
        query: {
          nodes: [
            { __typename: 'Oven', id: 'o' },
            { __typename: 'Toaster', id: 't' },
          ],
          toaster: { id: 't' },
        },
        entities: { Oven: [], Toaster: [{ id: 't' }] },
      },
      b: {
        sdl: `
          type Query { warm: [WithWarranty!]! }
          interface WithWarranty { warranty: Int }
          type Oven implements WithWarranty @key(fields: "id") { id: ID! warranty: Int }
          type Toaster implements WithWarranty @key(fields: "id") { id: ID! warranty: Int }
        `,
        query: { warm: [{ __typename: 'Toaster', id: 't', warranty: 2 }] },
        entities: { Oven: [{ id: 'o', warranty: 1 }], Toaster: [{ id: 't', warranty: 2 }] },
      },
    },
    runs: [
      {
        operation:
          '{ nodes { ... on Node { id ... on WithWarranty { warranty } } } toaster { ...F } warm { ... on Node { id } } } fragment F on WithWarranty { warranty __typename }',
        data: {
          nodes: [
            { id: 'o', warranty: 1 },
            { id: 't', warranty: 2 },
          ],
          toaster: { warranty: 2, __typename: 'Toaster' },
          warm: [{ id: 't' }],
        },
        fetches: ['a', 'b', 'b 2', 'b 1'],
      },
    ],
  },
  {
    name: 'answers __typename wherever it is asked, without asking for more',
    subgraphs: { shop, titles },
    runs: [
      {
        operation: '{ __typename products { a: __typename ... on Book { b: __typename } } anything { __typename } }',
        data: {
          __typename: 'Query',
          products: [{ a: 'Book', b: 'Book' }, { a: 'Magazine' }, { a: 'Book', b: 'Book' }],
          anything: [{ __typename: 'Note' }, { __typename: 'Book' }],
        },
        fetches: ['shop'],
      },
      { operation: '{ __typename }', data: { __typename: 'Query' }, fetches: [] },
    ],
  },
]);
