/** The records behind the marketplace. Every object, also one that is no entity, has a `key` that tells it from others. */
export interface Keyed {
  readonly key: string;
  readonly __typename: string;
  readonly [field: string]: unknown;
}

function range<T>(count: number, make: (number: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index + 1));
}

function address(owner: string, number: number): Keyed {
  return {
    __typename: 'Address',
    key: `address of ${owner}`,
    street: `${number} Long Road`,
    city: number % 2 ? 'Aarhus' : 'Odense',
    country: number % 4 === 0 ? null : 'DK',
  };
}

export const users = range(8, (number) => ({
  __typename: 'User',
  key: `User u${number}`,
  id: `u${number}`,
  email: `u${number}@example.com`,
  name: `User ${number}`,
  nickname: number % 3 === 0 ? null : `U${number}`,
  role: ['ADMIN', 'MEMBER', 'GUEST'][number % 3],
  address: number % 4 === 0 ? null : address(`u${number}`, number),
  friendIds: [`u${(number % 8) + 1}`, `u${((number + 3) % 8) + 1}`, number % 2 ? 'b1' : 'b2'],
  karma: number * 7,
  reviewIds: range(number % 4, (step) => `r${((number * 5 + step) % 20) + 1}`),
  wishIds: [`book${(number % 5) + 1}`, `gadget${(number % 4) + 1}`],
}));

export const bots = range(3, (number) => ({
  __typename: 'Bot',
  key: `Bot b${number}`,
  id: `b${number}`,
  email: number === 3 ? null : `b${number}@example.com`,
  name: `Bot ${number}`,
  version: number,
  ownerId: `u${number}`,
}));

function dimensions(owner: string, number: number): Keyed {
  return { __typename: 'Dimensions', key: `dimensions of ${owner}`, width: number * 2, weight: number * 1.5 };
}

export const books = range(5, (number) => ({
  __typename: 'Book',
  key: `Book book${number}`,
  upc: `book${number}`,
  isbn: `isbn-${number}`,
  title: `Book ${number}`,
  price: number === 4 ? null : number * 100,
  tags: number % 2 ? ['new', 'paper'] : null,
  pages: 100 + number,
  dimensions: dimensions(`book${number}`, number),
  relatedUpcs: [[`book${(number % 5) + 1}`, `gadget${(number % 4) + 1}`], [], [`book${number}`]],
  authorId: `u${number}`,
  inStock: number % 3,
  warehouseIds: range(number % 3, (step) => `w${step}`),
  reviewIds: range(number % 4, (step) => `r${((number * 3 + step) % 20) + 1}`),
}));

export const gadgets = range(4, (number) => ({
  __typename: 'Gadget',
  key: `Gadget gadget${number}`,
  upc: `gadget${number}`,
  title: `Gadget ${number}`,
  price: number * 250,
  tags: ['tech'],
  voltage: number % 2 ? 5 : null,
  dimensions: number === 3 ? null : dimensions(`gadget${number}`, number),
  relatedUpcs: [[`gadget${(number % 4) + 1}`]],
  inStock: number,
  warehouseIds: range(2, (step) => `w${step}`),
  reviewIds: range(3, (step) => `r${((number * 4 + step) % 20) + 1}`),
}));

export const reviews = range(20, (number) => ({
  __typename: 'Review',
  key: `Review r${number}`,
  id: `r${number}`,
  body: number % 5 === 0 ? null : `Review ${number}`,
  stars: (number % 5) + 1,
  authorId: `u${(number % 8) + 1}`,
  authorType: number % 4 === 0 ? 'Bot' : 'User',
  subjectUpc: number % 2 ? `book${(number % 5) + 1}` : `gadget${(number % 4) + 1}`,
}));

export const warehouses = range(2, (number) => ({
  __typename: 'Warehouse',
  key: `Warehouse w${number}`,
  id: `w${number}`,
  address: address(`w${number}`, number),
}));

export const products: readonly Keyed[] = [...books, ...gadgets];

/** The record with a value in a field, or null. */
export function find(records: readonly Keyed[], field: string, value: unknown): Keyed | null {
  return records.find((record) => record[field] === value) ?? null;
}

/** The records with some values in a field, in the order of the values; those that do not exist are null. */
export function findAll(records: readonly Keyed[], field: string, values: unknown): readonly (Keyed | null)[] {
  return (values as readonly unknown[]).map((value) => find(records, field, value));
}
