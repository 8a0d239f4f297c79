import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCursors } from '../../../kernel/tenancy/cursor.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';

const acme = parseTenantId('acme');
const ordering = 'crm.leads:createdAt:DESC';
const position = { ordering, key: '2026-11-01T00:00:00.000Z', id: 'lead-1' };
const invalid = expect.objectContaining({ code: 'CURSOR_INVALID' });

/** What reading a cursor throws, undefined when it can be read. */
function errorOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a cursor', () => {
  test('gives back the position it was made of, whatever its key and id', () => {
    const cursors = createCursors('secret', acme);
    const keys = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
    );
    fc.assert(
      fc.property(keys, fc.string(), (key, id) => {
        const read = cursors.decode(cursors.encode({ ordering, key, id }), ordering);
        expect(read).toEqual({ ordering, key: Object.is(key, -0) ? 0 : key, id });
      }),
    );
  });

  test('is the same text for the same position, from any process with the same secret', () => {
    expect(createCursors('secret', acme).encode(position)).toBe(createCursors('secret', acme).encode(position));
  });

  test('is invalid for another ordering, another tenant and another secret', () => {
    const cursor = createCursors('secret', acme).encode(position);
    const readers = [
      () => createCursors('secret', acme).decode(cursor, 'crm.leads:createdAt:ASC'),
      () => createCursors('secret', parseTenantId('globex')).decode(cursor, ordering),
      () => createCursors('other secret', acme).decode(cursor, ordering),
    ];
    for (const read of readers) expect(errorOf(read)).toEqual(invalid);
  });

  test('is invalid when any of its bytes was changed or cut off', () => {
    const cursors = createCursors('secret', acme);
    const bytes = Buffer.from(cursors.encode(position), 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(errorOf(() => cursors.decode(changed.toString('base64url'), ordering))).toEqual(invalid);
      const cut = bytes.subarray(0, index).toString('base64url');
      expect(errorOf(() => cursors.decode(cut, ordering))).toEqual(invalid);
    }
  });

  test('is invalid when it is any other text', () => {
    const cursors = createCursors('secret', acme);
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        expect(errorOf(() => cursors.decode(text, ordering))).toEqual(invalid);
      }),
    );
  });

  test('does not tell the tenant', () => {
    const bytes = Buffer.from(createCursors('secret', acme).encode(position), 'base64url');
    expect(bytes.toString('latin1')).not.toContain('acme');
  });
});
