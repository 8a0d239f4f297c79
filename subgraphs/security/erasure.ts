import type { PrismaClient } from '../../generated/prisma/security/client.ts';
import type { PersonalApp } from '../../kernel/privacy/erase-customer.ts';
import { anonymisePersonalRows, type PersonalTable } from '../../kernel/privacy/personal-records.ts';
import { privacyFieldsOf } from '../../kernel/privacy/privacy-fields.ts';

const incidents = {
  type: 'Incident',
  table: 'security.incidents',
  where: `$2 = ANY (t.affected_customer_ids) OR t.reported_by = $2
    OR lower(t.description || ' ' || coalesce(t.resolution, '')) LIKE ANY ($4)`,
  hidden: ['search_key', 'severity_rank'],
} as const satisfies PersonalTable;
const records = {
  type: 'AuditRecord',
  table: 'platform.audit_records',
  where: 't.user_id = $2 OR t.entity_id = $2',
  keptBecause: 'They say who did what in the tenant, by ids alone.',
} as const satisfies PersonalTable;

const said = 'Taken out with a customer who was erased.';

/** That an incident happened stays known; what was said of it does not. */
const privacy: PersonalApp<PrismaClient> = {
  app: 'security',
  tables: [incidents, records],
  async erase(tx, publish, person) {
    const changed = await anonymisePersonalRows(
      tx,
      incidents,
      person,
      `description = '${said}', search_key = '', resolution = CASE WHEN resolution IS NULL THEN NULL ELSE '${said}' END,
       affected_customer_ids = array_remove(affected_customer_ids, $2),
       reported_by = CASE WHEN reported_by = $2 THEN 'erased' ELSE reported_by END,
       updated_at = now(), version = version + 1`,
    );
    const ids = changed.map(({ id }) => String(id));
    for (const row of changed) {
      const { description, resolution, version, affected_customer_ids: affectedCustomerIds } = row;
      const data = { id: row.id, description, resolution, affectedCustomerIds, reportedBy: row.reported_by, version };
      publish({ type: 'INCIDENT_ANONYMISED', entityId: String(row.id), version: Number(version), data });
    }
    return { records: [{ type: incidents.type, outcome: 'ANONYMISED', count: changed.length }], subjects: ids };
  },
};

export const privacyFields = privacyFieldsOf(privacy);
