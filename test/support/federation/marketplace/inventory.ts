import type { Resolvers } from '../subgraph.ts';
import { books, find, findAll, gadgets, type Keyed, users, warehouses } from './records.ts';

export const inventorySdl = `
  type Query {
    warehouses: [Warehouse!]
    stock(upc: String!, warehouse: ID!): StockItem
  }

  type Book @key(fields: "isbn") {
    isbn: String!
    price: Int @external
    dimensions: Dimensions @external
    inStock: Int
    warehouses: [Warehouse!]!
    stock: [StockItem!]
    shippingEstimate: Float @requires(fields: "price dimensions { width weight }")
    shelfLabel(prefix: String = "shelf"): String! @requires(fields: "price")
  }

  type Gadget @key(fields: "upc") {
    upc: String!
    dimensions: Dimensions @external
    inStock: Int!
    warehouses: [Warehouse]
    shippingEstimate: Float! @requires(fields: "dimensions { weight }")
  }

  type Dimensions @shareable { width: Int!  weight: Float }
  type Address @shareable { street: String  city: String!  country: String }

  type Warehouse @key(fields: "id") { id: ID!  address: Address!  capacity: Int }

  type StockItem @key(fields: "upc warehouse { id }") {
    upc: String! @shareable
    warehouse: Warehouse!
    count: Int!
  }

  type User @key(fields: "email") { email: String!  deliveries: [StockItem] }
`;

function stockItem(upc: unknown, warehouse: Keyed | null): Keyed {
  return { __typename: 'StockItem', key: `stock of ${String(upc)}`, upc, warehouse, count: String(upc).length };
}

type Dimensions = { readonly width?: number; readonly weight?: number | null } | null;

export const inventoryResolvers: Resolvers = {
  Query: {
    warehouses: () => warehouses,
    stock: (_: never, { upc, warehouse }: { upc: string; warehouse: string }) =>
      stockItem(upc, find(warehouses, 'id', warehouse)),
  },
  Book: {
    __resolveReference: (reference: { isbn: string; price?: number; dimensions?: Dimensions }) => {
      const book = find(books, 'isbn', reference.isbn);
      return book && { ...book, price: reference.price, dimensions: reference.dimensions };
    },
    warehouses: ({ warehouseIds }: Keyed) => findAll(warehouses, 'id', warehouseIds),
    stock: ({ upc }: Keyed) => warehouses.map((warehouse) => stockItem(upc, warehouse)),
    shippingEstimate: ({ price, dimensions }: Keyed) => {
      const { width = 0, weight } = (dimensions as Dimensions) ?? {};
      return typeof price === 'number' ? price + width + (weight ?? 0) : null;
    },
    shelfLabel: ({ price, isbn }: Keyed, { prefix }: { prefix: string }) =>
      `${prefix} ${String(isbn)} ${String(price)}`,
  },
  Gadget: {
    __resolveReference: (reference: { upc: string; dimensions?: Dimensions }) => {
      const gadget = find(gadgets, 'upc', reference.upc);
      return gadget && { ...gadget, dimensions: reference.dimensions };
    },
    warehouses: ({ warehouseIds }: Keyed) => [...findAll(warehouses, 'id', warehouseIds), null],
    shippingEstimate: ({ dimensions }: Keyed) => (dimensions as Dimensions)?.weight,
  },
  Warehouse: {
    __resolveReference: ({ id }: { id: string }) => find(warehouses, 'id', id),
    capacity: ({ id }: Keyed) => String(id).length * 100,
  },
  StockItem: {
    __resolveReference: ({ upc, warehouse }: { upc: string; warehouse: { id: string } }) =>
      stockItem(upc, find(warehouses, 'id', warehouse.id)),
  },
  User: {
    __resolveReference: ({ email }: { email: string }) => find(users, 'email', email),
    deliveries: ({ key }: Keyed) => [stockItem(`book${String(key).length % 5}`, warehouses[0] ?? null), null],
  },
};
