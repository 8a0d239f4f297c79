import type { PlatformRights, PlatformUser } from './platform-rights.ts';

const ofTenant = `tenant_id = nullif(current_setting('panorama.tenant_id', true), '')`;

/**
 * What a role may do with the keys of the personal data in the change log. An app makes, reads and destroys its own; whoever
 * follows the changes of all apps reads those of all.
 */
export function sealRights({ app, changes }: PlatformUser): PlatformRights {
  if (changes === 'none') return { tables: [], functions: [] };
  const shown = changes === 'reader' ? ofTenant : `${ofTenant} AND app = '${app}'`;
  const reading = [`reader_${app}`, `FOR SELECT TO %I USING (${shown})`] as const;
  const table = { table: 'seal_keys', select: true } as const;
  if (changes === 'reader') return { tables: [{ ...table, policies: [reading] }], functions: [] };
  const writing = [`writer_${app}`, `FOR INSERT TO %I WITH CHECK (${shown})`] as const;
  const insert = ['tenant_id', 'app', 'subject', 'seed'];
  const functions = ['destroy_seal_keys(text, text[])', 'drop_rejections(text, text[], text[])'];
  return { tables: [{ ...table, insert, policies: [writing, reading] }], functions };
}
