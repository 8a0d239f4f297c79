import { hash } from 'node:crypto';
import type { PrismaClient } from '../../generated/prisma/crm/client.ts';
import type { EventHandler } from '../../kernel/changes/handlers/event-handler.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import { activityChange } from './changes.ts';
import { insertActivity } from './store/activities.ts';
import { findContactsOfCustomers } from './store/contacts.ts';

/**
 * Notes an incident among the activities of the contacts whose data it concerns, so that whoever talks to them next knows.
 * What was said about it stays with those who look after it.
 */
export const noteIncident: EventHandler<PrismaClient> = async (
  { data },
  { tx, publish, tenantId, secret, eventId },
) => {
  const ids = Array.isArray(data.affectedCustomerIds) ? data.affectedCustomerIds.map(String) : [];
  const contacts = ids.length === 0 ? [] : await findContactsOfCustomers(tx, ids);
  for (const contact of contacts) {
    const activity = await insertActivity(tx, {
      id: `act_${hash('sha256', `${eventId} ${contact.id}`, 'hex').slice(0, 32)}`,
      type: 'SECURITY_INCIDENT',
      subject: `Security incident: ${String(data.type)}`,
      entityType: 'CONTACT',
      entityId: contact.id,
      contactId: contact.id,
      completedAt: new Date(),
    });
    const people = personKeysOf({ secret, tenantId }, [contact.email]);
    publish(activityChange('ACTIVITY_CREATED', activity, people, undefined));
  }
  return contacts.length > 0 ? 'changed' : 'unchanged';
};
