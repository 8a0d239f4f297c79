import type { PrismaClient } from '../../generated/prisma/analytics/client.ts';
import type { PersonalApp } from '../../kernel/privacy/erase-customer.ts';
import { deletePersonalRows, type PersonalTable } from '../../kernel/privacy/personal-records.ts';
import { privacyFieldsOf } from '../../kernel/privacy/privacy-fields.ts';

const where = 't.customer_id = $2';
const events = { type: 'TrackedEvent', table: 'analytics.tracked_events', where } as const satisfies PersonalTable;
const behavior = {
  type: 'CustomerBehavior',
  table: 'analytics.customer_behavior',
  where,
  key: ['customer_id'],
} as const satisfies PersonalTable;
const consents = {
  type: 'Consent',
  table: 'analytics.consents',
  where,
  key: ['customer_id', 'purpose'],
} as const satisfies PersonalTable;

const metrics = {
  type: 'DocumentMetrics',
  table: 'analytics.document_metrics',
  where,
  key: ['customer_id'],
} as const satisfies PersonalTable;

/** The figures of days count events of everybody and say nothing of anybody; they stay. */
const privacy: PersonalApp<PrismaClient> = {
  app: 'analytics',
  tables: [events, behavior, consents, metrics],
  async erase(tx, publish, person) {
    const { customerId } = person;
    const tracked = await deletePersonalRows(tx, events, person);
    for (const { id } of tracked) {
      publish({ type: 'EVENT_DELETED', op: 'DELETE', entityId: String(id), version: 2, data: { id, customerId } });
    }
    const given = await deletePersonalRows(tx, consents, person);
    const measured = await deletePersonalRows(tx, metrics, person);
    const known = await deletePersonalRows(tx, behavior, person);
    for (const { revision } of known) {
      const version = Number(revision) + 1;
      publish({ type: 'BEHAVIOR_DELETED', op: 'DELETE', entityId: customerId, version, data: { customerId } });
    }
    return {
      records: [
        { type: events.type, outcome: 'ERASED', count: tracked.length },
        { type: consents.type, outcome: 'ERASED', count: given.length },
        { type: metrics.type, outcome: 'ERASED', count: measured.length },
        { type: behavior.type, outcome: 'ERASED', count: known.length },
      ],
      subjects: [customerId],
    };
  },
};

export const privacyFields = privacyFieldsOf(privacy);
