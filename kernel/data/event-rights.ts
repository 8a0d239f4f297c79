import type { PlatformRights, PlatformUser, TableRights } from './platform-rights.ts';

const ofTenant = `tenant_id = nullif(current_setting('panorama.tenant_id', true), '')`;

/**
 * What the role of an app may do with what its handlers have come to: whatever is in its own name. The keeper also reads
 * what any app has given up, and has it tried again.
 */
export function eventRights({ app, sync }: PlatformUser): PlatformRights {
  const own = `${ofTenant} AND app = '${app}'`;
  const isKeeper = sync === 'keeper';
  const policies = (readable: string): TableRights['policies'] => [
    [`writer_${app}`, `FOR INSERT TO %I WITH CHECK (${own})`],
    [`reader_${app}`, `FOR SELECT TO %I USING (${readable})`],
    [`changer_${app}`, `FOR UPDATE TO %I USING (${readable}) WITH CHECK (${readable})`],
    [`remover_${app}`, `FOR DELETE TO %I USING (${own})`],
  ];
  const failure = ['epoch', 'type', 'entity', 'entity_id', 'correlation_id'];
  const course = ['attempts', 'next_at', 'error_code', 'error_message', 'dead_at'];
  return {
    tables: [
      {
        table: 'event_positions',
        insert: ['tenant_id', 'app', 'epoch'],
        select: true,
        update: ['epoch', 'seq'],
        policies: policies(own).slice(0, 3),
      },
      {
        table: 'handled_events',
        insert: ['tenant_id', 'app', 'epoch', 'seq'],
        select: true,
        policies: policies(own).slice(0, 2),
      },
      {
        table: 'event_failures',
        insert: ['tenant_id', 'app', 'seq', ...failure, ...course],
        select: true,
        update: course,
        remove: true,
        policies: policies(isKeeper ? ofTenant : own),
      },
    ],
    functions: ['tenants_to_retry(text)'],
  };
}
