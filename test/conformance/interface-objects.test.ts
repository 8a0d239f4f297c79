import { describeConformance } from '../support/federation/conformance.ts';
import type { Row, SubgraphData } from '../support/federation/data-subgraph.ts';

const media: SubgraphData = {
  sdl: `
    type Query { media: [Media!]! book: Book }
    interface Media @key(fields: "id") { id: ID! title: String }
    type Book implements Media @key(fields: "id") { id: ID! title: String pages: Int }
    type Film implements Media @key(fields: "id") { id: ID! title: String minutes: Int }
  `,
  query: {
    media: [
      { __typename: 'Book', id: 'b', title: 'B', pages: 1 },
      { __typename: 'Film', id: 'f', title: 'F', minutes: 2 },
    ],
    book: { id: 'b', title: 'B', pages: 1 },
  },
  entities: {
    Media: [
      { __typename: 'Book', id: 'b', title: 'B', pages: 1 },
      { __typename: 'Film', id: 'f', title: 'F', minutes: 2 },
    ],
    Book: [{ id: 'b', title: 'B', pages: 1 }],
    Film: [{ id: 'f', title: 'F', minutes: 2 }],
  },
};

const reviews: SubgraphData = {
  sdl: `
    type Query { top: Media reviewed: [Media!]! }
    type Media @key(fields: "id") @interfaceObject {
      id: ID!
      title: String @external
      stars: Int
      headline(mark: String): String @requires(fields: "title")
    }
  `,
  query: {
    top: { id: 'f', stars: 5 },
    reviewed: [
      { id: 'b', stars: 3 },
      { id: 'f', stars: 5 },
    ],
  },
  entities: {
    Media: ['b', 'f'].map((id, index) => ({
      id,
      stars: 3 + 2 * index,
      headline(this: { title: string }, { mark }: { mark?: string }) {
        return `${this.title}${mark ?? ''}`;
      },
    })),
  },
};

/** Knows the same interface as an object too, and nothing that others require. */
const shelves: SubgraphData = {
  sdl: `
    type Query { shelf: Shelf }
    type Shelf { media: [Media!]! }
    type Media @key(fields: "id") @interfaceObject { id: ID! next: Media }
  `,
  query: { shelf: { media: [shelved('f'), shelved('b')] } },
  entities: { Media: [shelved('b'), shelved('f')] },
};

function shelved(id: string): Row {
  const other = id === 'b' ? 'f' : 'b';
  return { id, next: { id: other, next: { id } } };
}

describeConformance('interface objects: the gateway', [
  {
    name: 'adds fields of an interface object to every type of the interface',
    subgraphs: { media, reviews },
    runs: [
      {
        operation: '{ media { id stars ... on Book { pages stars } } book { stars } }',
        data: {
          media: [
            { id: 'b', stars: 3, pages: 1 },
            { id: 'f', stars: 5 },
          ],
          book: { stars: 3 },
        },
        fetches: ['media', 'reviews 2', 'reviews 1'],
      },
      {
        operation: '{ media { stars } }',
        data: { media: [{ stars: 3 }, { stars: 5 }] },
        fetches: ['media', 'reviews 2'],
        representations: {
          reviews: [
            { __typename: 'Media', id: 'b' },
            { __typename: 'Media', id: 'f' },
          ],
        },
      },
    ],
  },
  {
    name: 'asks for the type only where it matters',
    subgraphs: { media, reviews },
    runs: [
      { operation: '{ top { id stars } }', data: { top: { id: 'f', stars: 5 } }, fetches: ['reviews'] },
      {
        operation: '{ top { __typename stars } }',
        data: { top: { __typename: 'Film', stars: 5 } },
        fetches: ['reviews', 'media 1'],
      },
      {
        operation: '{ reviewed { stars ... on Film { minutes } } }',
        data: { reviewed: [{ stars: 3 }, { stars: 5, minutes: 2 }] },
        fetches: ['reviews', 'media 2'],
      },
      {
        operation: '{ reviewed { id title ... on Book { id } } }',
        data: {
          reviewed: [
            { id: 'b', title: 'B' },
            { id: 'f', title: 'F' },
          ],
        },
        fetches: ['reviews', 'media 2'],
      },
    ],
  },
  {
    name: 'sends what a field of an interface object requires',
    subgraphs: { media, reviews },
    runs: [
      {
        operation: '{ media { headline(mark: "!") } book { headline } }',
        data: { media: [{ headline: 'B!' }, { headline: 'F!' }], book: { headline: 'B' } },
        fetches: ['media', 'reviews 2', 'reviews 1'],
      },
      {
        operation: '{ reviewed { headline } }',
        data: { reviewed: [{ headline: 'B' }, { headline: 'F' }] },
        fetches: ['reviews', 'media 2', 'reviews 2'],
        representations: {
          media: [
            { __typename: 'Media', id: 'b' },
            { __typename: 'Media', id: 'f' },
          ],
        },
      },
      {
        operation: '{ reviewed { ... on Book { headline stars } } }',
        data: { reviewed: [{ headline: 'B', stars: 3 }, {}] },
        fetches: ['reviews', 'media 2', 'reviews 1'],
      },
    ],
  },
  {
    name: 'reaches an interface object from an object that knows nothing of the interface',
    subgraphs: {
      media,
      authors: {
        sdl: 'type Query { author: String } type Book @key(fields: "id") { id: ID! author: String }',
        entities: { Book: [{ id: 'b', author: 'Ada' }] },
      },
      lists: {
        sdl: `
          type Query { list: List }
          type List { name: String media: [Media!]! }
          type Media @key(fields: "id") @interfaceObject { id: ID! rank: Int }
        `,
        query: {
          list: {
            name: 'l',
            media: [
              { id: 'f', rank: 1 },
              { id: 'b', rank: 2 },
            ],
          },
        },
        entities: {
          Media: [
            { id: 'b', rank: 2 },
            { id: 'f', rank: 1 },
          ],
        },
      },
    },
    runs: [
      {
        operation: '{ list { media { id rank ... on Book { pages author } } } }',
        data: {
          list: {
            media: [
              { id: 'f', rank: 1 },
              { id: 'b', rank: 2, pages: 1, author: 'Ada' },
            ],
          },
        },
        fetches: ['lists', 'media 2', 'authors 1'],
      },
      {
        operation: '{ book { author rank } }',
        data: { book: { author: 'Ada', rank: 2 } },
        fetches: ['media', 'authors 1', 'lists 1'],
      },
    ],
  },
  {
    name: 'answers an entity interface by its key',
    subgraphs: {
      media,
      picks: {
        sdl: `
          type Query { pick: Pick }
          type Pick { media: Media }
          type Media @key(fields: "id", resolvable: false) @interfaceObject { id: ID! }
        `,
        query: { pick: { media: { id: 'f' } } },
      },
    },
    runs: [
      {
        operation: '{ pick { media { id title __typename ... on Film { minutes } } } }',
        data: { pick: { media: { id: 'f', title: 'F', __typename: 'Film', minutes: 2 } } },
        fetches: ['picks', 'media 1'],
      },
      { operation: '{ pick { media { id } } }', data: { pick: { media: { id: 'f' } } }, fetches: ['picks'] },
    ],
  },
  {
    name: 'sends what a field of an interface object requires, where the object came from another interface object',
    subgraphs: { media, reviews, shelves },
    runs: [
      {
        operation: '{ shelf { media { ... on Book { headline pages } } } }',
        data: { shelf: { media: [{}, { headline: 'B', pages: 1 }] } },
        fetches: ['shelves', 'media 2', 'reviews 1'],
        representations: { reviews: [{ __typename: 'Media', id: 'b', title: 'B' }] },
      },
      {
        operation: `{
          shelf { media { ... on Book { headline(mark: "!") } ... on Film { headline(mark: "?") stars } } }
        }`,
        data: { shelf: { media: [{ headline: 'F?', stars: 5 }, { headline: 'B!' }] } },
        fetches: ['shelves', 'media 2', 'reviews 1', 'reviews 1'],
      },
      {
        operation: `query ($all: Boolean!) {
          shelf { media { ... on Book @include(if: $all) { headline } ... on Film { headline @skip(if: $all) id } } }
        }`,
        variables: { all: true },
        data: { shelf: { media: [{ id: 'f' }, { headline: 'B' }] } },
        fetches: ['shelves', 'media 2', 'reviews 1'],
      },
    ],
  },
  {
    name: 'keeps the type of an object, whatever an interface object calls it',
    subgraphs: { media, reviews, shelves },
    runs: [
      {
        operation: `{
          shelf { media { headline next { stars __typename } ... on Film { minutes next { id ... on Book { pages } } } } }
        }`,
        data: {
          shelf: {
            media: [
              { headline: 'F', minutes: 2, next: { stars: 3, __typename: 'Book', id: 'b', pages: 1 } },
              { headline: 'B', next: { stars: 5, __typename: 'Film' } },
            ],
          },
        },
        fetches: ['shelves', 'shelves 1', 'media 2', 'media 2', 'reviews 2', 'reviews 2'],
      },
      {
        operation: `{
          book { next { ...Kind next { ... on Film { id } ... on Book { ...Kind pages } } } }
        }
        fragment Kind on Media { __typename stars }`,
        data: {
          book: { next: { __typename: 'Film', stars: 5, next: { __typename: 'Book', stars: 3, pages: 1 } } },
        },
        fetches: ['media', 'shelves 1', 'media 1', 'media 1', 'reviews 1', 'reviews 1'],
      },
    ],
  },
]);
