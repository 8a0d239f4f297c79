import type { suiteLimits } from '../../kernel/config/operation-limits.ts';

/** A body that costs much and asks for nothing, and the limit that ends it. */
export interface HostileDocument {
  readonly name: string;
  readonly body: () => unknown;
  /** Undefined where validation ends it. */
  readonly limit?: keyof typeof suiteLimits | 'requestBytes';
}

const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

function nested(depth: number, wrap: (inner: string, level: number) => string, innermost = 'id'): string {
  let text = innermost;
  for (let level = 0; level < depth; level += 1) text = wrap(text, level);
  return text;
}

/** Fragments of which each spreads the next one twice. */
function doubling(count: number): string {
  const fragments = times(
    count,
    (i) => `fragment F${i} on Lead { contact { leads { ...F${i + 1} } } owner { leads { ...F${i + 1} } } }`,
  );
  return `{ lead(id: "1") { ...F0 } } ${fragments} fragment F${count} on Lead { id }`;
}

/** Documents of the kinds that public tools and advisories know, for the schema of `test/support/federation/guarded-gateway.ts`. */
export const hostileDocuments: readonly HostileDocument[] = [
  {
    name: '101 aliases of __typename',
    limit: 'rootFields',
    body: () => ({ query: `{ ${times(101, (i) => `a${i}: __typename`)} }` }),
  },
  {
    name: '100 aliases below the root',
    limit: 'aliases',
    body: () => ({ query: `{ me { ${times(100, (i) => `a${i}: name`)} } }` }),
  },
  { name: '500 times __typename', limit: 'rootFields', body: () => ({ query: `{ ${'__typename '.repeat(500)} }` }) },
  {
    name: '1000 times the same field',
    limit: 'repeatedFields',
    body: () => ({ query: `{ me { ${'id '.repeat(1000)} } }` }),
  },
  {
    name: '15 spreads of one fragment',
    limit: 'repeatedFields',
    body: () => ({ query: `{ me { ${'...F '.repeat(15)} } } fragment F on User { id }` }),
  },
  { name: 'unknown directives on one field', body: () => ({ query: `{ __typename ${'@aa'.repeat(10)} }` }) },
  {
    name: '60 directives',
    limit: 'directives',
    body: () => ({
      query: `{ me { ${times(20, (i) => `... @skip(if: false) { ...F${i} @skip(if: false) @include(if: true) }`)} } } ${times(20, (i) => `fragment F${i} on User { id }`)}`,
    }),
  },
  {
    name: 'a type that leads back to itself in introspection',
    body: () => ({
      query: `{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }`,
    }),
  },
  {
    name: 'depth 30',
    limit: 'depth',
    body: () => ({
      query: `{ lead(id: "1") { ${nested(15, (inner) => `contact { leads(first: 1) { ${inner} } }`)} } }`,
    }),
  },
  { name: '2,500 names', limit: 'tokens', body: () => ({ query: `{ me { ${'id '.repeat(2_500)} } }` }) },
  { name: '7,000 braces', limit: 'nesting', body: () => ({ query: '{a'.repeat(7_000) }) },
  {
    name: 'a list 20,000 deep',
    limit: 'documentCharacters',
    body: () => ({ query: `{ search(text: ${'['.repeat(20_000)}1${']'.repeat(20_000)}) { __typename } }` }),
  },
  {
    name: 'a list 900 deep',
    limit: 'nesting',
    body: () => ({ query: `{ search(text: ${'['.repeat(900)}1${']'.repeat(900)}) { __typename } }` }),
  },
  {
    name: 'a variable of 50,000 lists within each other',
    limit: 'inputDepth',
    body: () =>
      `{"query":"mutation($c: JSON) { createLead(input: {name: \\"x\\", custom: $c}) { id } }","variables":{"c":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
  },
  {
    name: 'a fragment that spreads itself',
    body: () => ({ query: '{ lead(id: "1") { ...A } } fragment A on Lead { contact { leads { ...A } } }' }),
  },
  {
    name: 'two fragments that spread each other',
    body: () => ({
      query:
        '{ lead(id: "1") { ...A } } fragment A on Lead { contact { leads { ...B } } } fragment B on Lead { contact { leads { ...A } } }',
    }),
  },
  {
    name: 'fragments that double 3 times',
    limit: 'aliases',
    body: () => ({
      query: `{ me { ...A ...B } } fragment A on User { ...B ...C ${times(8, (i) => `a${i}: id`)} } fragment B on User { ...C ${times(8, (i) => `b${i}: id`)} } fragment C on User { ${times(8, (i) => `c${i}: id`)} }`,
    }),
  },
  { name: 'fragments that double 12 times', limit: 'depth', body: () => ({ query: doubling(12) }) },
  { name: 'fragments that double 60 times', limit: 'nesting', body: () => ({ query: doubling(60) }) },
  {
    name: 'flat fragments that double 30 times',
    limit: 'selections',
    body: () => ({
      query: `{ me { ...F0 } } ${times(30, (i) => `fragment F${i} on User { ...F${i + 1} ... on User { ...F${i + 1} } }`)} fragment F30 on User { id name }`,
    }),
  },
  {
    name: 'a chain of 150 fragments',
    limit: 'nesting',
    body: () => ({
      query: `{ me { ...F0 } } ${times(150, (i) => `fragment F${i} on User { ...F${i + 1} }`)} fragment F150 on User { id }`,
    }),
  },
  {
    name: 'inline fragments on an interface, 8 levels',
    limit: 'depth',
    body: () => ({
      query: `{ node(id: "1") { ${nested(8, (inner, i) => `... on Lead { id owner { leads { contact { ${i % 2 ? 'leads' : 'owner'} { ${inner} } } } } } ... on Contact { id owner { contacts { owner { id } } } }`)} } }`,
    }),
  },
  {
    name: 'a fragment with the name of introspection',
    limit: 'depth',
    body: () => ({
      query:
        '{ lead(id: "1") { contact { leads { contact { leads { ...__schema } } } } } } fragment __schema on Lead { contact { leads { contact { leads { contact { name } } } } } }',
    }),
  },
  {
    name: 'introspection 40 deep',
    limit: 'depth',
    body: () => ({ query: `{ __schema { types { ${nested(38, (inner) => `ofType { ${inner} }`, 'name')} } } }` }),
  },
  {
    name: '1,500 fields of one response key',
    limit: 'documentCharacters',
    body: () => ({ query: `{ ${times(1_500, () => 'x: lead(id: "1") { id name }')} }` }),
  },
  {
    name: '100 fields of one response key',
    limit: 'rootFields',
    body: () => ({ query: `{ ${times(100, () => 'x: lead(id: "1") { id name }')} }` }),
  },
  {
    name: '5,000 variables',
    limit: 'documentCharacters',
    body: () => ({ query: `query(${times(5_000, (i) => `$v${i}: Int`)}) { __typename }` }),
  },
  {
    name: '300 variables',
    limit: 'variables',
    body: () => ({ query: `query(${times(300, (i) => `$v${i}: Int`)}) { __typename }` }),
  },
  {
    name: '20,000 variables that nobody defined',
    limit: 'variables',
    body: () => ({
      query: '{ __typename }',
      variables: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, i])),
    }),
  },
  {
    name: '1,000,000 ids',
    limit: 'requestBytes',
    body: () => ({
      query: 'query($f: LeadFilter) { leads(filter: $f) { totalCount } }',
      variables: { f: { ids: Array.from({ length: 1_000_000 }, (_, i) => String(i)) } },
    }),
  },
  {
    name: 'a list of 5,001 ids',
    limit: 'inputItems',
    body: () => ({
      query: 'query($f: LeadFilter) { leads(filter: $f) { totalCount } }',
      variables: { f: { ids: Array.from({ length: 5_001 }, (_, i) => String(i)) } },
    }),
  },
  {
    name: '90 kB of comments and commas',
    limit: 'documentCharacters',
    body: () => ({ query: `{${'#x\n'.repeat(20_000)}${','.repeat(30_000)}__typename}` }),
  },
  { name: 'an integer of 33 bits', body: () => ({ query: '{ leads(first: 2147483648) { totalCount } }' }) },
  {
    name: 'a page of 99,999,999',
    limit: 'cost',
    body: () => ({ query: '{ leads(first: 99999999) { nodes { id } } }' }),
  },
  {
    name: 'a page of 99,999,999 in a variable',
    limit: 'cost',
    body: () => ({ query: 'query($n: Int) { leads(first: $n) { nodes { id } } }', variables: { n: 99_999_999 } }),
  },
  {
    name: 'a page of 99,999,999 in a default',
    limit: 'cost',
    body: () => ({ query: 'query($n: Int = 99999999) { leads(first: $n) { nodes { id } } }' }),
  },
  {
    name: 'pages of 100 in pages of 100 in pages of 100',
    limit: 'cost',
    body: () => ({
      query: '{ leads(first: 100) { nodes { owner { leads(first: 100) { owner { leads(first: 100) { id } } } } } } }',
    }),
  },
  {
    name: 'lists in lists in lists of a usual size',
    limit: 'cost',
    body: () => ({ query: '{ leads { nodes { owner { leads { owner { leads { owner { leads { id } } } } } } } } }' }),
  },
  {
    name: '1,000 operations',
    limit: 'documentCharacters',
    body: () => ({ query: times(1_000, (i) => `query Q${i} { __typename }`), operationName: 'Q1' }),
  },
  {
    name: 'a name of 10,000 characters',
    limit: 'operationNameCharacters',
    body: () => ({ query: `query ${'A'.repeat(10_000)} { __typename }` }),
  },
  {
    name: 'a batch of 1,000',
    body: () =>
      Array.from({ length: 1_000 }, (_, i) => ({ query: `mutation { login(email: "a@b.c", password: "p${i}") }` })),
  },
  { name: 'a batch in a batch', body: () => [[{ query: '{ __typename }' }]] },
  { name: 'an empty batch', body: () => [] },
  { name: '@stream', body: () => ({ query: '{ search(text: "a") @stream { __typename } }' }) },
  {
    name: '50 mutations',
    limit: 'rootFields',
    body: () => ({ query: `mutation { ${times(50, (i) => `m${i}: login(email: "a@b.c", password: "p${i}")`)} }` }),
  },
];
