import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { answering } from '../support/federation/canned.ts';
import { createTestEngine } from '../support/federation/engine.ts';
import { createTestSubgraph } from '../support/federation/subgraph.ts';

const engine = createTestEngine([
  createTestSubgraph(
    'values',
    `type Query { values: Values }
     type Values { text: String  id: ID  int: Int  float: Float  any: Any }
     scalar Any`,
  ),
]);

async function answerTo(values: Record<string, unknown>) {
  const fields = Object.keys(values).join(' ');
  return engine.run(`{ values { ${fields} } }`, { connections: { values: answering({ data: { values } }) } });
}

const anyText = fc.string({ unit: 'binary' });

describe('the text of an answer', () => {
  test('holds any text as it is', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, async (text, id) => {
        expect(await answerTo({ text, id })).toEqual({ data: { values: { text, id } } });
      }),
    );
  });

  test.each([
    ['quotes and backslashes', '"\\"\\\\'],
    ['controls', '\u0000\b\t\n\u001f\u007f'],
    ['halves of surrogate pairs', 'a\ud83d b\ude00'],
    ['line separators', '\u2028\u2029'],
    ['more than one byte to a character', 'é€😀'],
  ])('holds %s', async (_, text) => {
    expect(await answerTo({ text, any: text })).toEqual({ data: { values: { text, any: text } } });
  });

  test('holds any number as JSON does', async () => {
    const numbers = fc.record({ int: fc.integer(), float: fc.double({ noNaN: true, noDefaultInfinity: true }) });
    await fc.assert(
      fc.asyncProperty(numbers, fc.jsonValue(), async (some, any) => {
        const expected: unknown = JSON.parse(JSON.stringify({ ...some, any }));
        expect(await answerTo({ ...some, any })).toEqual({ data: { values: expected } });
      }),
    );
  });
});
