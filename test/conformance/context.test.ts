import { describeConformance } from '../support/federation/conformance.ts';
import type { SubgraphData } from '../support/federation/data-subgraph.ts';

const carts: SubgraphData = {
  sdl: `
    type Query { carts: [Cart!]! }
    type Cart @key(fields: "id") @context(name: "cart") { id: ID! currency: String! lines: [Line!]! }
    type Line @key(fields: "id") { id: ID! price(currency: String @fromContext(field: "$cart { currency }")): String }
  `,
  query: {
    carts: [
      { id: '1', currency: 'EUR', lines: [{ id: 'l1' }, { id: 'l2' }] },
      { id: '2', currency: 'USD', lines: [{ id: 'l3' }] },
    ],
  },
  entities: {
    Cart: [],
    Line: ['l1', 'l2', 'l3'].map((id) => ({ id, price: ({ currency }: { currency: string }) => `${id} ${currency}` })),
  },
};

const other: SubgraphData = {
  sdl: 'type Query { hello: String } type Line @key(fields: "id") { id: ID! name: String }',
  entities: { Line: ['l1', 'l2', 'l3'].map((id) => ({ id, name: id.toUpperCase() })) },
};

describeConformance('context: the gateway', [
  {
    name: 'gives a field an argument that an object above it holds',
    subgraphs: { carts, other },
    runs: [
      {
        operation: '{ carts { lines { price name } } }',
        data: {
          carts: [
            {
              lines: [
                { price: 'l1 EUR', name: 'L1' },
                { price: 'l2 EUR', name: 'L2' },
              ],
            },
            { lines: [{ price: 'l3 USD', name: 'L3' }] },
          ],
        },
        fetches: ['carts', 'carts 2', 'carts 1', 'other 3'],
      },
    ],
  },
  {
    name: 'does not take an alias for what a field is given from above',
    subgraphs: { carts, other },
    runs: [
      {
        operation: '{ carts { currency: id code: currency lines { price } } }',
        data: {
          carts: [
            { currency: '1', code: 'EUR', lines: [{ price: 'l1 EUR' }, { price: 'l2 EUR' }] },
            { currency: '2', code: 'USD', lines: [{ price: 'l3 USD' }] },
          ],
        },
        fetches: ['carts', 'carts 2', 'carts 1'],
      },
    ],
  },
]);
