import type { Resolvers } from '../subgraph.ts';
import { type Keyed, warehouses } from './records.ts';

/** Adds to an entity with a compound key, and to one whose key other subgraphs nest in theirs. */
export const pricingSdl = `
  type StockItem @key(fields: "upc warehouse { id }") {
    upc: String! @shareable
    warehouse: Warehouse! @shareable
    discount(code: String): Float
    history: [[Float]!]
  }

  type Warehouse @key(fields: "id") { id: ID!  fee: Float! }
`;

export const pricingResolvers: Resolvers = {
  StockItem: {
    __resolveReference: ({ upc, warehouse }: { upc: string; warehouse: { id: string } }) => ({
      __typename: 'StockItem',
      key: `stock of ${upc}`,
      upc,
      warehouse: warehouses.find(({ id }) => id === warehouse.id) ?? null,
    }),
    discount: ({ upc }: Keyed, { code }: { code?: string | null }) => (code ?? 'none').length + String(upc).length / 10,
    history: () => [[1, null, 2.5], []],
  },
  Warehouse: {
    __resolveReference: ({ id }: { id: string }) => warehouses.find((warehouse) => warehouse.id === id) ?? null,
    fee: ({ id }: Keyed) => String(id).length / 2,
  },
};
