import type { PlatformRights, PlatformUser, TableRights } from './platform-rights.ts';

const ofTenant = `tenant_id = nullif(current_setting('panorama.tenant_id', true), '')`;

function rights(
  app: string,
  table: string,
  insert: readonly string[],
  readable: string | undefined,
  writable = readable,
): TableRights {
  return {
    table,
    insert,
    ...(readable !== undefined && { select: true }),
    policies: [
      [`writer_${app}`, `FOR INSERT TO %I WITH CHECK (${writable})`],
      ...(readable === undefined ? [] : [[`reader_${app}`, `FOR SELECT TO %I USING (${readable})`] as const]),
    ],
  };
}

/**
 * What the role of an app may do with what clients pushed and with the results of mutations that have a key. What came of
 * a mutation, apps see of each other; what was in it, the keeper alone.
 */
export function syncRights({ app, sync }: PlatformUser): PlatformRights {
  const own = `${ofTenant} AND app = '${app}'`;
  const isKeeper = sync === 'keeper';
  const results = ['mutation_id', 'app', 'digest', 'status', 'version', 'code', 'field', 'message'];
  const client = ['tenant_id', 'client_id'];
  const request = ['tenant_id', 'holder', 'key'];
  const tables = [
    rights(app, 'sync_clients', [...client, 'holder'], ofTenant),
    rights(app, 'sync_results', [...client, ...results], ofTenant, own),
    rights(
      app,
      'sync_rejections',
      [...client, 'mutation_id', 'app', 'mutation', 'server_record'],
      isKeeper ? ofTenant : undefined,
      own,
    ),
    rights(app, 'idempotency_keys', [...request, 'digest'], ofTenant),
    rights(app, 'idempotent_results', [...request, 'app', 'field', 'result'], own),
    ...(isKeeper ? [rights(app, 'sync_acknowledgements', [...client, 'up_to'], ofTenant)] : []),
  ];
  return {
    tables,
    functions: ['begin_push(text, text, text, integer, integer)', 'begin_request(text, text, text, text)'],
  };
}
