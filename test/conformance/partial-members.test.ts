import { describeConformance } from '../support/federation/conformance.ts';
import type { Row, SubgraphData } from '../support/federation/data-subgraph.ts';

const note = { __typename: 'Note', text: 'n' };
const chart = { __typename: 'Chart', points: 3, source: { rows: 2, owner: { id: 'o' } } };
const clip = { __typename: 'Clip', id: 'c', seconds: 9 };

/** Two subgraphs that share a board, and of whose cards each knows some kinds only. */
const drawing: SubgraphData = {
  sdl: `
    type Query { drawn: Board! }
    type Board @key(fields: "id") { id: ID! face: Face @shareable lead: Lead @shareable }
    type Face @shareable { cards: [Card!]! }
    union Card = Note | Chart
    type Note @shareable { text: String }
    type Chart { points: Int source: Source inside: [Card!] }
    type Source { rows: Int owner: Owner }
    type Owner @key(fields: "id") { id: ID! }
    interface Lead { rank: Int }
    type Plain implements Lead @shareable { rank: Int }
    type Drawn implements Lead { rank: Int strokes: Int source: Source }
  `,
  query: { drawn: drawnBoard() },
  entities: { Board: [drawnBoard()], Owner: [{ id: 'o' }] },
};

function drawnBoard(): Row {
  const cards = [note, { ...chart, inside: [{ __typename: 'Chart', points: 1 }, note] }];
  return { id: 'b', face: { cards }, lead: { __typename: 'Drawn', rank: 1, strokes: 5, source: chart.source } };
}

const filming: SubgraphData = {
  sdl: `
    type Query { filmed: Board! }
    type Board @key(fields: "id") { id: ID! face: Face @shareable film: Face lead: Lead @shareable }
    type Face @shareable { cards: [Card!]! }
    union Card = Note | Clip
    type Note @shareable { text: String }
    type Clip @key(fields: "id") { id: ID! seconds: Int }
    interface Lead { rank: Int }
    type Plain implements Lead @shareable { rank: Int }
    type Filmed implements Lead { rank: Int scenes: Int }
  `,
  query: { filmed: filmedBoard() },
  entities: { Board: [filmedBoard()], Clip: [clip] },
};

function filmedBoard(): Row {
  const face = { cards: [note, clip] };
  return { id: 'b', face, film: face, lead: { __typename: 'Filmed', rank: 1, scenes: 4 } };
}

const archive: SubgraphData = {
  sdl: `
    type Query { stored: Board }
    type Board @key(fields: "id") { id: ID! shelf: Int }
    type Clip @key(fields: "id") { id: ID! copies(of: Int): String }
    type Owner @key(fields: "id") { id: ID! name: String }
  `,
  query: { stored: { id: 'b', shelf: 7 } },
  entities: {
    Board: [{ id: 'b', shelf: 7 }],
    Clip: [{ id: 'c', copies: ({ of }: { of: number }) => `${of} copies` }],
    Owner: [{ id: 'o', name: 'Ada' }],
  },
};

const cards = `
  __typename
  ... on Note { text }
  ... on Chart { points source { rows owner { name } } }
  ... on Clip { seconds copies(of: $of) }
`;
const seenChart = { __typename: 'Chart', points: 3, source: { rows: 2, owner: { name: 'Ada' } } };
const seenClip = { __typename: 'Clip', seconds: 9, copies: '2 copies' };

describeConformance('partial members: the gateway', [
  {
    name: 'takes the members of a union from the subgraph that it asks, whichever others know',
    subgraphs: { drawing, filming, archive },
    runs: [
      {
        operation: `query ($of: Int) { drawn { face { cards { ${cards} } } } }`,
        variables: { of: 2 },
        data: { drawn: { face: { cards: [note, seenChart] } } },
        fetches: ['drawing', 'archive 1'],
      },
      {
        operation: `query ($of: Int) { filmed { face { cards { ${cards} } } } }`,
        variables: { of: 2 },
        data: { filmed: { face: { cards: [note, seenClip] } } },
        fetches: ['filming', 'archive 1'],
      },
      {
        operation:
          '{ drawn { face { cards { ... on Chart { inside { ... on Chart { points } ... on Clip { id } } } } } } }',
        data: { drawn: { face: { cards: [{}, { inside: [{ points: 1 }, {}] }] } } },
        fetches: ['drawing'],
      },
    ],
  },
  {
    name: 'does not mix the members of two subgraphs, though it asks both',
    subgraphs: { drawing, filming, archive },
    runs: [
      {
        operation: `query ($of: Int) { drawn { film { cards { ${cards} } } face { cards { ${cards} } } } }`,
        variables: { of: 2 },
        data: { drawn: { film: { cards: [note, seenClip] }, face: { cards: [note, seenChart] } } },
        fetches: ['drawing', 'filming 1', 'archive 1', 'archive 1'],
      },
      {
        operation: '{ filmed { shelf face { cards { ... on Clip { copies(of: 1) } ... on Chart { points } } } } }',
        data: { filmed: { shelf: 7, face: { cards: [{}, { copies: '1 copies' }] } } },
        fetches: ['filming', 'archive 1', 'archive 1'],
      },
    ],
  },
  {
    name: 'does the same for the types of an interface',
    subgraphs: { drawing, filming, archive },
    runs: [
      {
        operation: `{
          drawn { lead { rank ... on Drawn { strokes source { owner { name } } } ... on Filmed { scenes } } }
          filmed { lead { ... on Filmed { scenes } } }
        }`,
        data: {
          drawn: { lead: { rank: 1, strokes: 5, source: { owner: { name: 'Ada' } } } },
          filmed: { lead: { scenes: 4 } },
        },
        fetches: ['drawing', 'filming', 'archive 1'],
      },
      {
        operation: '{ drawn { lead { ... on Filmed { scenes } } } }',
        data: { drawn: { lead: {} } },
        fetches: ['drawing'],
      },
    ],
  },
  {
    name: 'knows a type that is a member in one subgraph, and in another is there without being one',
    subgraphs: {
      shop: {
        sdl: `
          type Query { window: Window! }
          type Window @key(fields: "id") { id: ID! view: View @shareable }
          type View @shareable { goods: [Good!]! }
          union Good = Toy | Book
          type Toy @key(fields: "id") { id: ID! age: Int }
          type Book @shareable { title: String }
        `,
        query: { window: { id: 'w', view: { goods: [{ __typename: 'Toy', id: 't', age: 3 }] } } },
        entities: { Window: [], Toy: [{ id: 't', age: 3 }] },
      },
      makers: {
        sdl: `
          type Query { toy: Toy }
          type Window @key(fields: "id") { id: ID! view: View @shareable }
          type View @shareable { goods: [Good!]! }
          union Good = Book
          type Toy @key(fields: "id") { id: ID! maker: String }
          type Book @shareable { title: String }
        `,
        query: { toy: { id: 't', maker: 'M' } },
        entities: { Window: [], Toy: [{ id: 't', maker: 'M' }] },
      },
    },
    runs: [
      {
        operation: '{ window { view { goods { ... on Toy { age maker } ... on Book { title } } } } }',
        data: { window: { view: { goods: [{ age: 3, maker: 'M' }] } } },
        fetches: ['shop', 'makers 1'],
      },
    ],
  },
]);
