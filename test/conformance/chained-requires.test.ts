import { describeConformance } from '../support/federation/conformance.ts';
import type { Row, SubgraphData } from '../support/federation/data-subgraph.ts';

/** Fields that require a field that itself requires one: where the planner of Apollo loses its way. */

/** A thing that two subgraphs reckon with in turn; `base` is 1, or what it is asked by. */
const origin: SubgraphData = {
  sdl: `
    type Query { thing: Thing }
    type Thing @key(fields: "id") { id: ID! base(by: Int): Int }
  `,
  query: { thing: { id: '1', base: ({ by }: { by?: number }) => by ?? 1 } },
};

const middle: SubgraphData = {
  sdl: `
    type Thing @key(fields: "id") {
      id: ID!
      base(by: Int): Int @external
      plain: Int @requires(fields: "base")
      times(factor: Int): Int @requires(fields: "base(by: 5)")
    }
  `,
  entities: {
    Thing: [
      {
        id: '1',
        plain(this: Row) {
          return this.base;
        },
        times(this: Row, { factor }: { factor: number }) {
          return factor * Number(this.base);
        },
      },
    ],
  },
};

const last: SubgraphData = {
  sdl: `
    type Thing @key(fields: "id") {
      id: ID!
      plain: Int @external
      times(factor: Int): Int @external
      sum: Int @requires(fields: "plain times(factor: 2)")
    }
  `,
  entities: {
    Thing: [
      {
        id: '1',
        sum(this: Row) {
          return Number(this.plain) + Number(this.times);
        },
      },
    ],
  },
};

/** An item whose parcel, rank, speed and note are reckoned one from another, in three subgraphs. */
const items: SubgraphData = {
  sdl: `
    type Query { item: Item items: [Item!]! }
    type Mutation { weigh(weight: Int): Item }
    type Item @key(fields: "id") {
      id: ID!
      weight: Int
      rank: Int @external
      speed: Int @external
      note(sign: String): String @requires(fields: "rank speed")
    }
  `,
  query: { item: { id: '1', weight: 2 }, items: [1, 2].map((number) => ({ id: String(number), weight: 2 * number })) },
  mutation: { weigh: ({ weight }: { weight: number }) => ({ id: '1', weight }) },
  entities: {
    Item: ['1', '2'].map((id) => ({
      id,
      note(this: Row, { sign = '/' }: { sign?: string }) {
        return `${this.rank}${sign}${this.speed}`;
      },
    })),
  },
};

const post: SubgraphData = {
  sdl: `
    type Item @key(fields: "id") {
      id: ID!
      weight: Int @external
      rank: Int @external
      parcel: Parcel @requires(fields: "weight")
      speed: Int @requires(fields: "weight rank")
    }
    type Parcel @key(fields: "code") { code: ID! size: Int }
  `,
  entities: {
    Item: ['1', '2'].map((id) => ({
      id,
      parcel(this: Row) {
        return { code: `c${this.weight}`, size: this.weight };
      },
      speed(this: Row) {
        return Number(this.weight) * 10 + Number(this.rank);
      },
    })),
  },
};

const carriers: SubgraphData = {
  sdl: `
    type Item @key(fields: "id") {
      id: ID!
      parcel: Parcel @external
      rank: Int @requires(fields: "parcel { code size }")
    }
    type Parcel @key(fields: "code") { code: ID! size: Int @external carrier: String }
  `,
  entities: {
    Parcel: ['c2', 'c4'].map((code) => ({ code, carrier: `carrier of ${code}` })),
    Item: ['1', '2'].map((id) => ({
      id,
      rank(this: Row) {
        return Number((this.parcel as Row).size) + 5;
      },
    })),
  },
};

/** Books and films, and what is liked: known by their interface only. */
const media: SubgraphData = {
  sdl: `
    type Query { book: Book }
    interface Media @key(fields: "id") { id: ID! title: String }
    type Book implements Media @key(fields: "id") {
      id: ID!
      title: String
      pages: Int
      stars: Int @external
      label: String @requires(fields: "stars")
    }
    type Film implements Media @key(fields: "id") { id: ID! title: String }
  `,
  query: { book: { id: 'b1' } },
  entities: {
    Media: [
      { __typename: 'Book', id: 'b1', title: 'One', pages: 3 },
      { __typename: 'Film', id: 'f1', title: 'Two' },
    ],
    Book: [
      {
        id: 'b1',
        label(this: Row) {
          return `${this.stars} stars`;
        },
      },
    ],
  },
};

const stars: SubgraphData = {
  sdl: 'type Book @key(fields: "id") { id: ID! pages: Int @external stars: Int @requires(fields: "pages") }',
  entities: {
    Book: [
      {
        id: 'b1',
        stars(this: Row) {
          return Number(this.pages) * 2;
        },
      },
    ],
  },
};

const likes: SubgraphData = {
  sdl: `
    type Media @key(fields: "id") @interfaceObject {
      id: ID!
      title: String @external
      like: [Media!]!
      blurb: String @requires(fields: "title")
    }
  `,
  entities: {
    Media: ['b1', 'f1'].map((id) => ({
      id,
      like: [{ id: 'f1' }, { id: 'b1' }],
      blurb(this: Row) {
        return `${this.title}!`;
      },
    })),
  },
};

describeConformance('fields that require fields that require fields: the gateway', [
  {
    name: 'sends each field the arguments that it requires, though it has arguments itself where it is required',
    subgraphs: { origin, middle, last },
    runs: [
      {
        operation: '{ thing { sum } }',
        data: { thing: { sum: 11 } },
        fetches: ['origin', 'middle 1', 'middle 1', 'last 1'],
      },
    ],
  },
  {
    name: 'fetches nothing twice on the way from one field to the next',
    subgraphs: { items, post, carriers },
    runs: [
      {
        operation: '{ item { note } }',
        data: { item: { note: '7/27' } },
        fetches: ['items', 'post 1', 'carriers 1', 'post 1', 'items 1'],
      },
      {
        operation: 'mutation { weigh(weight: 4) { id: note parcel { carrier } } }',
        data: { weigh: { id: '9/49', parcel: { carrier: 'carrier of c4' } } },
        fetches: ['items', 'post 1', 'carriers 1', 'carriers 1', 'post 1', 'items 1'],
      },
    ],
  },
  {
    name: 'fetches what is below such a field, for lists, with arguments and conditions',
    subgraphs: { items, post, carriers },
    runs: [true, false].map((yes) => ({
      operation: `query ($sign: String, $yes: Boolean!) {
        items { ... @include(if: $yes) { note(sign: $sign) parcel { carrier } } ... @skip(if: $yes) { parcel { size } } }
      }`,
      variables: { sign: '-', yes },
      data: {
        items: yes
          ? [
              { note: '7-27', parcel: { carrier: 'carrier of c2' } },
              { note: '9-49', parcel: { carrier: 'carrier of c4' } },
            ]
          : [{ parcel: { size: 2 } }, { parcel: { size: 4 } }],
      },
      fetches: yes ? ['items', 'post 2', 'carriers 2', 'carriers 2', 'post 2', 'items 2'] : ['items', 'post 2'],
    })),
  },
  {
    name: 'fetches a field that is asked for beside one that is not, below a field that both begin at',
    subgraphs: { items, post, carriers },
    runs: [
      {
        operation: 'query ($no: Boolean!) { item @include(if: $no) { note } item { speed } }',
        variables: { no: false },
        data: { item: { speed: 27 } },
        fetches: ['items', 'post 1', 'carriers 1', 'post 1'],
      },
      {
        operation: 'query ($no: Boolean!) { item { parcel { size } } item @include(if: $no) { note } }',
        variables: { no: false },
        data: { item: { parcel: { size: 2 } } },
        fetches: ['items', 'post 1'],
      },
      {
        operation: 'query ($no: Boolean!) { item { parcel { size } note @include(if: $no) } }',
        variables: { no: false },
        data: { item: { parcel: { size: 2 } } },
        fetches: ['items', 'post 1'],
      },
    ],
  },
  {
    name: 'goes on from an interface object to a type, and to what its fields require',
    subgraphs: { media, stars, likes },
    runs: [
      {
        operation: '{ book { like { blurb ... on Book { label } } } }',
        data: { book: { like: [{ blurb: 'Two!' }, { blurb: 'One!', label: '6 stars' }] } },
        fetches: ['media', 'likes 1', 'media 2', 'likes 2', 'stars 1', 'media 1'],
      },
    ],
  },
]);
