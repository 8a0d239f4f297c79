import { find, type Keyed } from './marketplace/records.ts';
import { createTestSubgraph, type Resolvers, type TestSubgraph } from './subgraph.ts';

/** A subgraph that uses every feature that Apollo's compatibility suite asks of subgraphs. */
export const catalogueSdl = `
  extend schema
    @link(
      url: "https://specs.apollo.dev/federation/v2.5"
      import: [
        "@key", "@requires", "@provides", "@external", "@shareable", "@tag", "@override", "@inaccessible"
        "@composeDirective", "@interfaceObject", "@authenticated"
      ]
    )
    @link(url: "https://museum.example/curating/v1.0", import: ["@curated"])
    @composeDirective(name: "@curated")

  directive @curated on OBJECT

  type Query @authenticated {
    exhibit(id: ID!): Exhibit
    loan(museum: String!, room: String!): Loan @deprecated(reason: "Loans have ended.")
  }

  type Exhibit @curated @key(fields: "id") @key(fields: "hall number") @key(fields: "hall series { id }") @authenticated {
    id: ID!
    hall: String
    number: String
    series: Series
    size: Size
    keeper: Person @provides(fields: "exhibitsKept")
    remark: String @tag(name: "internal")
    studies: [Study!]!
  }

  type Series { id: ID! }

  type Size @shareable { height: Float  width: Float  unit: String @inaccessible }

  type Loan @key(fields: "museum room") @authenticated { museum: String!  room: String!  reason: String  lender: Person }

  type Study @key(fields: "file { number }") @authenticated { file: File!  finding: String }

  type File { number: ID!  title: String }

  extend type Person @key(fields: "email") @authenticated {
    email: ID! @external
    name: String @override(from: "people")
    exhibitsKept: Int @external
    yearsEmployed: Int! @external
    exhibitsPerYear: Int @requires(fields: "exhibitsKept yearsEmployed")
  }

  type Collection @interfaceObject @key(fields: "id") { id: ID!  formerLoans: [Loan!]! }
`;

const studies = [
  { __typename: 'Study', file: { number: '1234', title: 'On rockets' }, finding: 'It flew.' },
  { __typename: 'Study', file: { number: '1235', title: 'On gliders' }, finding: null },
];
const keeper: Keyed = {
  __typename: 'Person',
  key: 'p1',
  email: 'ada@museum.example',
  name: 'Ada Keeper',
  exhibitsKept: 130,
};
const exhibits: readonly Keyed[] = [
  {
    ...{ __typename: 'Exhibit', key: 'e1', id: 'rocket', hall: 'space', number: 'A1', series: { id: 'engines' } },
    ...{ size: { height: 12, width: 2.5, unit: 'm' }, keeper, remark: 'Handle with care.', studies: [studies[0]] },
  },
  {
    ...{ __typename: 'Exhibit', key: 'e2', id: 'glider', hall: 'air', number: 'B7', series: { id: 'wings' } },
    ...{ size: { height: 1, width: 9, unit: 'm' }, keeper, remark: null, studies: [studies[1]] },
  },
];
const loan = { __typename: 'Loan', museum: 'north', room: '7', reason: 'A jubilee.', lender: keeper };

type Reference = Readonly<Record<string, unknown>>;

function findExhibit({ id, hall, number, series }: Reference): unknown {
  if (id !== undefined) return find(exhibits, 'id', id);
  return exhibits.find(
    (exhibit) =>
      exhibit.hall === hall &&
      (exhibit.number === number || (exhibit.series as Reference).id === (series as Reference | undefined)?.id),
  );
}

export const catalogueResolvers: Resolvers = {
  Query: {
    exhibit: (_: never, { id }: { id: string }) => find(exhibits, 'id', id),
    loan: (_: never, { museum, room }: typeof loan) => (museum === loan.museum && room === loan.room ? loan : null),
  },
  Exhibit: { __resolveReference: findExhibit as never },
  Loan: {
    __resolveReference: ({ museum, room }: typeof loan) =>
      museum === loan.museum && room === loan.room ? loan : undefined,
  },
  Study: {
    __resolveReference: ({ file }: (typeof studies)[0]) => studies.find((study) => study.file.number === file.number),
  },
  Person: {
    __resolveReference: (reference: Reference) => ({ ...reference, name: keeper.name }),
    exhibitsPerYear: ({ exhibitsKept, yearsEmployed }: { exhibitsKept: number; yearsEmployed: number }) =>
      Math.round(exhibitsKept / yearsEmployed),
  },
  Collection: {
    __resolveReference: ({ id }: { id: string }) => ({ __typename: 'Collection', id }),
    formerLoans: ({ id }: { id: string }) => (id === 'open' ? [loan] : []),
  },
};

/** The subgraphs beside the catalogue: they override nothing, and implement the interface that it treats as an object. */
export function createMuseumNeighbours(): readonly TestSubgraph[] {
  const person = { email: keeper.email, name: 'A name of before', exhibitsKept: 130, yearsEmployed: 10 };
  const size = { height: 12, width: 2.5 };
  const collections = [{ __typename: 'OpenCollection', id: 'open', title: 'On show' }];
  return [
    createTestSubgraph(
      'people',
      `type Query { person(email: ID!): Person }
       type Person @key(fields: "email") { email: ID!  name: String  exhibitsKept: Int @shareable  yearsEmployed: Int! }`,
      {
        Query: { person: (_: never, { email }: { email: string }) => (email === person.email ? person : null) },
        Person: { __resolveReference: ({ email }: { email: string }) => (email === person.email ? person : null) },
      },
    ),
    createTestSubgraph(
      'depots',
      `type Query { collection(id: ID!): Collection  largestSize: Size }
       interface Collection @key(fields: "id") { id: ID!  title: String }
       type OpenCollection implements Collection @key(fields: "id") { id: ID!  title: String }
       type Size @shareable { height: Float  width: Float }`,
      {
        Query: {
          collection: (_: never, { id }: { id: string }) => collections.find((one) => one.id === id),
          largestSize: () => size,
        },
        OpenCollection: { __resolveReference: ({ id }: { id: string }) => collections.find((one) => one.id === id) },
        Collection: { __resolveReference: ({ id }: { id: string }) => collections.find((one) => one.id === id) },
      },
    ),
  ];
}
