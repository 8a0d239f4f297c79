import type { DemoTenant } from '../../kernel/subgraph/demo-tenant.ts';
import { readerOfUser } from './notifications/audience.ts';
import { type DemoNotification, insertMissingNotifications, insertReads, touchInbox } from './store/notifications.ts';
import type { CoordinationTransaction } from './store.ts';

/** The end of the demo data's time. */
const demoEnd = Date.parse('2026-11-01T00:00:00Z');
const hourMillis = 3_600_000;
const hoursAgo = (hours: number) => new Date(demoEnd - hours * hourMillis);

/** What a tenant was told: by the security app, by the CRM, and, of people, those who had their account made. */
export async function insertDemo(tx: CoordinationTransaction, { id: tenant, people }: DemoTenant): Promise<void> {
  const news: readonly DemoNotification[] = [
    {
      ...{ id: `ntf_${tenant}_incident`, userId: null, permission: 'read:security', app: 'security' },
      ...{ type: 'SECURITY_INCIDENT', title: 'Security incident', priority: 'CRITICAL', createdAt: hoursAgo(26) },
      ...{ message: 'An incident of severity HIGH was reported: data_breach.', aboutEntity: null, aboutId: null },
    },
    {
      ...{ id: `ntf_${tenant}_milestone`, userId: null, permission: 'read:deals', app: 'crm' },
      ...{ type: 'REVENUE_MILESTONE', title: 'Revenue milestone', priority: 'HIGH', createdAt: hoursAgo(5) },
      ...{ message: 'The deals that were won have come to 100,000 euros.', aboutEntity: null, aboutId: null },
    },
  ];
  const welcomes = people.slice(0, 2).map(
    (person): DemoNotification => ({
      ...{ id: `ntf_${person.id}_welcome`, userId: person.id, permission: null, app: 'users' },
      ...{ type: 'USER_ONBOARDED', title: 'Welcome', priority: 'NORMAL', createdAt: person.createdAt },
      ...{ message: 'Your account is ready.', aboutEntity: null, aboutId: null },
    }),
  );
  const made = await insertMissingNotifications(tx, [...news, ...welcomes]);
  // The first of them has read it.
  const [first] = people;
  if (!first || made === 0) return;
  await touchInbox(tx, readerOfUser(first.id));
  await insertReads(tx, readerOfUser(first.id), [`ntf_${first.id}_welcome`]);
}
