import { expect } from '@jest/globals';
import { runStatements } from '../support/run-statements.ts';
import { ask, keyOfAcme } from './send.ts';
import type { Stand } from './stand.ts';

/** A key of acme, made for one attack. */
export interface MintedKey {
  readonly id: string;
  readonly key: string;
  /** Lets its time be over, or takes it back. */
  spoil(how: 'expired' | 'revoked'): Promise<void>;
}

const createKey =
  'mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { key apiKey { id } userErrors { message } } }';

/** Makes a key of acme. Without a word of its own it may do everything, from everywhere. */
export async function mintKey(
  stand: Stand,
  input: { readonly permissions?: readonly string[]; readonly allowedApps?: readonly string[] } = {},
): Promise<MintedKey> {
  const i = { name: 'of an attack', permissions: ['*'], allowedApps: ['crm-web', '*'], ...input };
  const { data } = await ask(stand.url, { query: createKey, variables: { i } }, { 'x-tenant-key': keyOfAcme });
  const made = data?.createApiKey as { key: string; apiKey: { id: string }; userErrors: unknown[] };
  expect(made.userErrors).toEqual([]);
  const column = { expired: 'expires_at', revoked: 'revoked_at' } as const;
  return {
    id: made.apiKey.id,
    key: made.key,
    spoil: async (how) => {
      const past = `now() - interval '1 second'`;
      const sql = `UPDATE users.api_keys SET ${column[how]} = ${past} WHERE id = '${made.apiKey.id}'`;
      await runStatements(stand.database.ownerUrl, 'BEGIN', `SET LOCAL panorama.tenant_id = 'acme'`, sql, 'COMMIT');
    },
  };
}
