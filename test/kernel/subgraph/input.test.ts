import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  baseVersion,
  currency,
  done,
  email,
  entityId,
  jsonObject,
  minorUnits,
  normaliseEmail,
  parseInput,
  phone,
  refused,
  text,
  toPayload,
} from '../../../kernel/subgraph/input.ts';

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success;

describe('an input', () => {
  const schema = z.object({ name: text(5), lines: z.array(z.object({ amount: minorUnits() })) });

  test('that is right comes back parsed', () => {
    expect(parseInput(schema, { name: ' Ada ', lines: [] })).toEqual(done({ name: 'Ada', lines: [] }));
  });

  test('that is wrong is told every mistake, each with the path of its field in dots', () => {
    const result = parseInput(schema, { name: '', lines: [{ amount: 1 }, { amount: -1 }] });
    expect(result.ok ? [] : result.userErrors).toEqual([
      { field: 'name', message: 'This cannot be empty.', code: 'BAD_USER_INPUT' },
      { field: 'lines.1.amount', message: 'An amount cannot be negative.', code: 'BAD_USER_INPUT' },
    ]);
  });

  test('that is wrong as a whole is told so without a field', () => {
    const result = parseInput(schema, 'text');
    expect(result).toMatchObject({ ok: false, userErrors: [{ field: null, code: 'BAD_USER_INPUT' }] });
  });
});

test('a payload holds the value of a command that did its work, and null beside the errors of one that was refused', () => {
  expect(toPayload('user', done({ id: '1' }))).toEqual({ user: { id: '1' }, userErrors: [] });
  const userErrors = [{ field: 'id', message: 'This id is taken.', code: 'CONFLICT' }];
  expect(toPayload('user', refused('CONFLICT', 'id', 'This id is taken.'))).toEqual({ user: null, userErrors });
});

describe('a text field', () => {
  test.each(['a', ' a ', 'æøå', '名前', '👩‍👩‍👧', 'two\nlines', 'a\ttab'])('takes %j', (value) => {
    expect(accepts(text(20), value)).toBe(true);
  });

  test.each(['', '   ', 'a\u0000', 'a\u0007', 'a\u007f', '\ud83d', 'x'.repeat(21), 7, null])('refuses %j', (value) => {
    expect(accepts(text(20), value)).toBe(false);
  });
});

describe('an e-mail field', () => {
  test.each(['a@b.dk', ' Ada.Byron+list@Example.co.uk ', "o'hara@example.com"])('takes %j', (value) => {
    expect(accepts(email(), value)).toBe(true);
  });

  test.each(['', 'a', '@', 'a@', '@b.dk', 'a b@c.dk', 'a@b', 'a\u0000@b.dk', 'a@b.dk\n', `${'a'.repeat(250)}@b.dk`])(
    'refuses %j unless it only lacks trimming',
    (value) => {
      expect(accepts(email(), value)).toBe(value === 'a@b.dk\n');
    },
  );

  test('reads two spellings of one address as the same person', () => {
    expect(normaliseEmail(' ADA@Example.COM ')).toBe('ada@example.com');
    expect(normaliseEmail('re\u0301mi@example.com')).toBe(normaliseEmail('r\u00e9mi@example.com'));
  });
});

describe('a field of another kind', () => {
  test.each([
    [
      'a phone number',
      phone(),
      ['+45 12 34 56 78', '(020) 7946-0958'],
      ['', '12', 'call me', '1'.repeat(40), '+45\u000012'],
    ],
    ['an id', entityId(), ['cus_acme_0001', '0198-a', 'a:b.c'], ['', '-a', 'a b', 'a\u0000', 'a'.repeat(129)]],
    ['a version', baseVersion(), [1, 7], [0, -1, 1.5, '1', 2 ** 60]],
    ['an amount of money', minorUnits(), [0, 1999, Number.MAX_SAFE_INTEGER], [-1, 19.99, 2 ** 53, Number.NaN, '1']],
    ['a currency', currency(), ['EUR', 'DKK'], ['eur', 'EURO', '', 'E1R']],
    [
      'a JSON object',
      jsonObject(),
      [{}, { a: [1, null, { b: 'c' }] }],
      [[], 'a', 1, null, { a: '\u0000' }, { '\u0000': 1 }],
    ],
  ])('takes and refuses what it should: %s', (_, schema, right, wrong) => {
    for (const value of right) expect([value, accepts(schema, value)]).toEqual([value, true]);
    for (const value of wrong) expect([value, accepts(schema, value)]).toEqual([value, false]);
  });

  test('takes a JSON object of 16 KiB in UTF-8 and not a byte more', () => {
    const size = 16_384 - '{"a":""}'.length;
    expect(accepts(jsonObject(), { a: 'x'.repeat(size) })).toBe(true);
    expect(accepts(jsonObject(), { a: 'x'.repeat(size + 1) })).toBe(false);
    expect(accepts(jsonObject(), { a: 'ø'.repeat(size / 2 + 1) })).toBe(false);
  });

  test('takes a JSON object of 32 levels, and refuses any deeper one without going down into it', () => {
    const nested = (levels: number) => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
      return { a: value };
    };
    expect(accepts(jsonObject(), nested(31))).toBe(true);
    expect(accepts(jsonObject(), nested(32))).toBe(false);
    expect(accepts(jsonObject(), nested(1_000_000))).toBe(false);
  });

  test('refuses JSON with half a character, in a value or a key', () => {
    expect(accepts(jsonObject(), { a: '\ud83d' })).toBe(false);
    expect(accepts(jsonObject(), { '\udc00': 1 })).toBe(false);
    expect(accepts(jsonObject(), { a: '\ud83d\ude00' })).toBe(true);
  });

  test('takes a JSON text that only talks about NUL', () => {
    expect(accepts(jsonObject(), { a: 'the escape \\u0000 stands for NUL' })).toBe(true);
    expect(accepts(jsonObject(), { a: '\\\u0000' })).toBe(false);
  });
});
