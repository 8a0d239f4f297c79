import { describeConformance } from '../support/federation/conformance.ts';
import type { SubgraphData } from '../support/federation/data-subgraph.ts';

const entity = { id: '1', name: 'one' };

const owner: SubgraphData = {
  sdl: `type Query { owned: Int } type Entity @key(fields: "id") { id: ID! name: String! @shareable description: String! @shareable extra: String! }`,
  entities: { Entity: [{ ...entity, description: 'd', extra: 'e' }] },
};

const provider: SubgraphData = {
  sdl: `
    type Query { entity: Entity @provides(fields: "name description") entities: [Entity!]! @provides(fields: "name") other: Entity }
    type Entity @key(fields: "id") { id: ID! name: String! @external description: String! @external }
  `,
  // No description: a subgraph that is asked for it would have to fail.
  query: { entity, entities: [entity], other: { id: '1' } },
  entities: { Entity: [{ id: '1' }] },
};

describeConformance('provides: the gateway', [
  {
    name: 'takes what is provided on this path, and nothing that was not asked for',
    subgraphs: { owner, provider },
    runs: [
      { operation: '{ entity { id name } }', data: { entity }, fetches: ['provider'] },
      {
        operation: '{ entities { ... { shown: name } ... on Entity { extra } } }',
        data: { entities: [{ shown: 'one', extra: 'e' }] },
        fetches: ['provider', 'owner 1'],
        documents: {
          owner: ['query($representations:[_Any!]!){_entities(representations:$representations){...on Entity{extra}}}'],
        },
      },
      {
        operation: 'query ($no: Boolean = false) { entity { id ... on Entity @include(if: $no) { description } } }',
        data: { entity: { id: '1' } },
        fetches: ['provider'],
      },
    ],
  },
  {
    name: 'asks the owner where the path provides nothing',
    subgraphs: { owner, provider },
    runs: [
      { operation: '{ other { id name } }', data: { other: entity }, fetches: ['provider', 'owner 1'] },
      {
        operation: '{ entities { description } }',
        data: { entities: [{ description: 'd' }] },
        fetches: ['provider', 'owner 1'],
      },
    ],
  },
  {
    name: 'takes what is provided below other fields',
    subgraphs: {
      categories: {
        sdl: `
          type Query { products: [Product!]! @provides(fields: "categories { id name parent { id } }") }
          type Product @key(fields: "id") { id: ID! categories: [Category!] @external }
          type Category @key(fields: "id") { id: ID! name: String @external parent: Category @external }
        `,
        query: { products: [{ id: '1', categories: [{ id: 'c', name: 'C', parent: { id: 'p' } }] }] },
        entities: { Product: [], Category: [] },
      },
      all: {
        sdl: `
          type Product @key(fields: "id") { id: ID! categories: [Category!] @shareable }
          type Category @key(fields: "id") { id: ID! name: String @shareable parent: Category @shareable }
        `,
        entities: {
          Product: [{ id: '1', categories: [{ id: 'c', name: 'C', parent: { id: 'p', name: 'P' } }] }],
          Category: [
            { id: 'c', name: 'C', parent: { id: 'p', name: 'P' } },
            { id: 'p', name: 'P' },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ products { id categories { id name parent { id } } } }',
        data: { products: [{ id: '1', categories: [{ id: 'c', name: 'C', parent: { id: 'p' } }] }] },
        fetches: ['categories'],
      },
      {
        operation: '{ products { categories { parent { name } } } }',
        data: { products: [{ categories: [{ parent: { name: 'P' } }] }] },
        fetches: ['categories', 'all 1'],
      },
    ],
  },
  {
    name: 'takes what is provided through an interface',
    subgraphs: {
      media: {
        sdl: `
          type Query { media: Media @shareable book: Book @provides(fields: "animals { ... on Dog { name } }") }
          interface Media { id: ID! animals: [Animal] }
          interface Animal { id: ID! name: String }
          type Book implements Media @key(fields: "id") { id: ID! @shareable animals: [Animal] @external }
          type Dog implements Animal @key(fields: "id") { id: ID! @external name: String @external }
          type Cat implements Animal @key(fields: "id") { id: ID! @external name: String @external }
        `,
        query: {
          media: { __typename: 'Book', id: 'm' },
          book: {
            id: 'm',
            animals: [
              { __typename: 'Dog', id: 'd', name: 'Rex' },
              { __typename: 'Cat', id: 'c' },
            ],
          },
        },
        entities: { Book: [{ id: 'm' }], Dog: [], Cat: [] },
      },
      animals: {
        sdl: `
          type Query { media: Media @shareable }
          interface Media { id: ID! animals: [Animal] }
          interface Animal { id: ID! name: String }
          type Book implements Media @key(fields: "id") { id: ID! @shareable animals: [Animal] @shareable }
          type Dog implements Animal @key(fields: "id") { id: ID! name: String @shareable age: Int }
          type Cat implements Animal @key(fields: "id") { id: ID! name: String @shareable age: Int }
        `,
        query: { media: { __typename: 'Book', id: 'm', animals: [] } },
        entities: {
          Book: [{ id: 'm', animals: [{ __typename: 'Cat', id: 'c', name: 'Tom', age: 2 }] }],
          Dog: [{ id: 'd', name: 'Rex', age: 5 }],
          Cat: [{ id: 'c', name: 'Tom', age: 2 }],
        },
      },
    },
    runs: [
      {
        operation: '{ book { animals { ... on Dog { name } } } }',
        data: { book: { animals: [{ name: 'Rex' }, {}] } },
        fetches: ['media'],
      },
      {
        operation: '{ media { id animals { name } } }',
        data: { media: { id: 'm', animals: [] } },
        fetches: ['animals'],
      },
    ],
  },
  {
    name: 'takes what is provided for a member of a union',
    subgraphs: {
      search: {
        sdl: `
          type Query { media: [Media] }
          union Media = Book | Movie
          type Book @key(fields: "id") { id: ID! title: String @shareable }
          type Movie @key(fields: "id") { id: ID! title: String }
        `,
        query: {
          media: [
            { __typename: 'Book', id: 'b', title: 'B' },
            { __typename: 'Movie', id: 'm', title: 'M' },
          ],
        },
        entities: { Book: [{ id: 'b', title: 'B' }], Movie: [{ id: 'm', title: 'M' }] },
      },
      shelf: {
        sdl: `
          type Query { shelf: [Media] @provides(fields: "... on Book { title }") }
          union Media = Book | Movie
          type Book @key(fields: "id") { id: ID! title: String @external }
          type Movie @key(fields: "id") { id: ID! }
        `,
        query: {
          shelf: [
            { __typename: 'Book', id: 'b', title: 'B' },
            { __typename: 'Movie', id: 'm' },
          ],
        },
        entities: { Book: [], Movie: [] },
      },
    },
    runs: [
      {
        operation: '{ shelf { ... on Book { title } ... on Movie { id } } }',
        data: { shelf: [{ title: 'B' }, { id: 'm' }] },
        fetches: ['shelf'],
      },
      {
        operation: '{ shelf { ... on Book { title } ... on Movie { title } } }',
        data: { shelf: [{ title: 'B' }, { title: 'M' }] },
        fetches: ['shelf', 'search 1'],
      },
    ],
  },
]);
