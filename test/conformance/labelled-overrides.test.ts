import { describeConformance } from '../support/federation/conformance.ts';
import type { SubgraphData } from '../support/federation/data-subgraph.ts';

/** Progressive overrides of fields that are asked for through an interface. */

const places: SubgraphData = {
  sdl: `
    type Query { nodes: [Node!]! }
    interface Node { id: ID! name: String }
    type House implements Node @key(fields: "id") { id: ID! name: String @override(from: "names", label: "moved") }
    type Street implements Node @key(fields: "id") { id: ID! name: String }
  `,
  query: {
    nodes: [
      { __typename: 'House', id: 'h1', name: 'new house' },
      { __typename: 'Street', id: 's1', name: 'street' },
    ],
  },
  entities: { House: [{ id: 'h1', name: 'new house' }] },
};

const names: SubgraphData = {
  sdl: 'type House @key(fields: "id") { id: ID! name: String }',
  entities: { House: [{ id: 'h1', name: 'old house' }] },
};

describeConformance('progressive overrides behind an interface: the gateway', [
  {
    name: 'asks for a field where its label says, for each type of the interface',
    subgraphs: { places, names },
    runs: [
      {
        operation: '{ nodes { name } }',
        data: { nodes: [{ name: 'old house' }, { name: 'street' }] },
        fetches: ['places', 'names 1'],
      },
      {
        operation: '{ nodes { name } }',
        overrides: ['moved'],
        data: { nodes: [{ name: 'new house' }, { name: 'street' }] },
        fetches: ['places'],
      },
    ],
  },
]);
