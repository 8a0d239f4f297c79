import { describe, expect, test } from '@jest/globals';
import { type ConflictCase, resolveConflict } from '../../../kernel/sync/resolve-conflict.ts';

/** A record in version 3: somebody else has changed its name in version 2, and the client its phone in version 3. */
const past = [
  { version: 1, clientId: undefined, data: { name: 'Ada', phone: '1', note: null } },
  { version: 2, clientId: undefined, data: { name: 'Eve', phone: '1', note: null } },
  { version: 3, clientId: 'mine', data: { name: 'Eve', phone: '2', note: null } },
];
const conflict = (
  policy: ConflictCase['policy'],
  own: Partial<ConflictCase['mutation']> = {},
  known: ConflictCase['past'] = past,
) => {
  const mutation = { op: 'PUT' as const, baseVersion: 1, patch: { name: 'Mine', phone: '3' }, ...own };
  return resolveConflict({ policy, mutation, clientId: 'mine', currentVersion: 3, past: known });
};

describe('what becomes of a change to what others have changed, by policies', () => {
  test('takes the patch, or what of it others have not changed', () => {
    expect(conflict('CLIENT_WINS')).toMatchObject({
      status: 'APPLIED',
      patch: { name: 'Mine', phone: '3' },
      conflicts: [],
    });
    expect(conflict('FIELD_MERGE')).toMatchObject({
      status: 'MERGED',
      patch: { name: 'Mine', phone: '3' },
      conflicts: ['name'],
    });
    expect(conflict('SERVER_WINS')).toEqual({
      kind: 'apply',
      status: 'MERGED',
      patch: { phone: '3' },
      conflicts: ['name'],
    });
    expect(conflict('REJECT_STALE')).toMatchObject({ kind: 'conflict' });
    expect(conflict('APPEND_ONLY')).toMatchObject({ kind: 'reject', code: 'CONFLICT' });
  });

  test('is plain where only the client itself has changed the record since', () => {
    for (const policy of ['FIELD_MERGE', 'SERVER_WINS', 'REJECT_STALE'] as const) {
      expect(conflict(policy, { baseVersion: 2 })).toMatchObject({ status: 'APPLIED', conflicts: [] });
      expect(conflict(policy, { baseVersion: 3 })).toMatchObject({ status: 'APPLIED', conflicts: [] });
    }
  });

  test('takes for changed what the log no longer tells of', () => {
    const left = past.slice(2);
    expect(conflict('SERVER_WINS', {}, left)).toMatchObject({ patch: {}, conflicts: ['name', 'phone'] });
    expect(conflict('REJECT_STALE', { baseVersion: 2 }, left)).toMatchObject({ status: 'APPLIED' });
  });

  test('removes nothing that somebody has changed, but for a client that wins', () => {
    for (const policy of ['FIELD_MERGE', 'SERVER_WINS', 'REJECT_STALE'] as const) {
      expect(conflict(policy, { op: 'DELETE' })).toMatchObject({ kind: 'conflict' });
    }
    expect(conflict('CLIENT_WINS', { op: 'DELETE' })).toMatchObject({ kind: 'apply' });
  });

  test('refuses a version that there is not yet', () => {
    expect(conflict('CLIENT_WINS', { baseVersion: 4 })).toMatchObject({ kind: 'reject', field: 'baseVersion' });
  });
});
