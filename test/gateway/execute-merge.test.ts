import { describe, expect, test } from '@jest/globals';
import { answering } from '../support/federation/canned.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const amounts = createTestSubgraph(
  'amounts',
  `type Query { report: Report @shareable }
   type Report { lines: [[Line]] @shareable  total: Total @shareable }
   type Line { amount: Int }
   type Total { net: Int }`,
  { Query: { report: () => ({ lines: [[{ amount: 1 }, null], [{ amount: 2 }]], total: { net: 3 } }) } },
);
const labels = createTestSubgraph(
  'labels',
  `type Query { report: Report @shareable }
   type Report { lines: [[Line]] @shareable  total: Total @shareable }
   type Line { label: String }
   type Total { currency: String }`,
  { Query: { report: () => ({ lines: [[{ label: 'a' }, null], [{ label: 'b' }]], total: { currency: 'DKK' } }) } },
);
const engine = createTestEngine([amounts, labels]);
const source = '{ report { lines { label amount } total { currency net } } }';

describe('answers of two subgraphs about the same values', () => {
  test('are merged, object by object and item by item', async () => {
    expect(await engine.run(source)).toEqual({
      data: {
        report: {
          lines: [[{ label: 'a', amount: 1 }, null], [{ label: 'b', amount: 2 }]],
          total: { currency: 'DKK', net: 3 },
        },
      },
    });
  });

  test('that do not fit together give errors where values are missing, and do not fail', async () => {
    const { data, errors } = await engine.run(source, {
      connections: {
        labels: answering({ data: { report: { lines: [[{ label: 'a' }]], total: { currency: 'DKK' } } } }),
      },
    });
    expect(data).toMatchObject({ report: { total: { currency: 'DKK', net: 3 } } });
    expect(errors?.every(({ path }) => path?.[1] === 'lines')).toBe(true);
    expect(errors).not.toHaveLength(0);
  });
});
