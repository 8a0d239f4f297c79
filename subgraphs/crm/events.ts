import type { PrismaClient } from '../../generated/prisma/crm/client.ts';
import type { EventHandlers } from '../../kernel/changes/handlers/event-handler.ts';
import { personKeysOf } from '../../kernel/changes/person-keys.ts';
import { normaliseEmail } from '../../kernel/subgraph/input.ts';
import { contactChange } from './changes.ts';
import { noteIncident } from './incident-activities.ts';
import { changeContact, findContactsByEmail, findContactsById } from './store/contacts.ts';
import { lockRows } from './store/rows.ts';

/** What the CRM does when something has happened in another app. */
export const events: EventHandlers<PrismaClient> = {
  SECURITY_INCIDENT: noteIncident,
  /** Links the contact with the address of a new account to the customer that it belongs to. */
  async USER_CREATED({ entityId: customerId, data: { email } }, { tx, publish, tenantId, secret }) {
    if (typeof email !== 'string') return 'unchanged';
    const emailKey = normaliseEmail(email);
    const [known] = await findContactsByEmail(tx, [emailKey]);
    if (!known) return 'unchanged';
    await lockRows(tx, 'contacts', [known.id]);
    const [contact] = await findContactsById(tx, [known.id]);
    if (contact?.emailKey !== emailKey || contact.customerId === customerId) return 'unchanged';
    const linked = await changeContact(tx, contact, { customerId });
    publish(contactChange('CONTACT_UPDATED', linked, personKeysOf({ secret, tenantId }, [linked.email])));
    return 'changed';
  },
};
