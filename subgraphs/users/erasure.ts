import type { PrismaClient } from '../../generated/prisma/users/client.ts';
import { openChanges } from '../../kernel/changes/sealing/sealed-changes.ts';
import type { PersonalApp } from '../../kernel/privacy/erase-customer.ts';
import {
  anonymisePersonalRows,
  deletePersonalRows,
  type PersonalTable,
} from '../../kernel/privacy/personal-records.ts';
import { privacyFieldsOf } from '../../kernel/privacy/privacy-fields.ts';
import { normaliseEmail } from '../../kernel/subgraph/input.ts';
import { keyChange, roleUnassignment } from './access-changes.ts';
import type { UsersContext } from './loaders.ts';
import { findApiKeysById } from './store/keys.ts';
import { findAssignmentsOf } from './store/roles.ts';
import { findUsersByEmail, findUsersById, type UsersTransaction } from './store.ts';

const sessions = { type: 'Session', table: 'users.sessions', where: 't.user_id = $2' } as const satisfies PersonalTable;
const assignments = {
  type: 'RoleAssignment',
  table: 'users.role_assignments',
  where: 't.user_id = $2',
} as const satisfies PersonalTable;
const keys = {
  type: 'ApiKey',
  table: 'users.api_keys',
  where: 't.created_by = $2',
  hidden: ['digest', 'is_demo'],
} as const satisfies PersonalTable;
const accounts = {
  type: 'User',
  table: 'users.users',
  where: 't.id = $2',
  hidden: ['username_key', 'email_key'],
} as const satisfies PersonalTable;

const privacy: PersonalApp<PrismaClient> = {
  app: 'users',
  tables: [accounts, sessions, assignments, keys],
  async erase(tx, publish, person) {
    const { customerId } = person;
    const revoked = await anonymisePersonalRows(
      tx,
      keys,
      person,
      `name = 'Key of an erased customer', revoked_at = coalesce(revoked_at, now()), created_by = NULL,
       version = version + 1`,
    );
    const ids = revoked.map(({ id }) => String(id));
    for (const key of await findApiKeysById(tx, ids)) {
      publish({ ...keyChange('API_KEY_REVOKED', key), isAnonymous: true });
    }
    for (const assignment of await findAssignmentsOf(tx, 'userId', [customerId])) publish(roleUnassignment(assignment));
    const roles = await deletePersonalRows(tx, assignments, person, 10_000);
    const ended = await deletePersonalRows(tx, sessions, person);
    for (const { id, version } of ended) {
      const data = { id, userId: customerId };
      publish({ type: 'SESSION_DELETED', op: 'DELETE', entityId: String(id), version: Number(version) + 1, data });
    }
    const gone = await deletePersonalRows(tx, accounts, person);
    for (const { version } of gone) {
      const data = { id: customerId };
      publish({ type: 'USER_DELETED', op: 'DELETE', entityId: customerId, version: Number(version) + 1, data });
    }
    return {
      records: [
        { type: keys.type, outcome: 'ANONYMISED', count: revoked.length },
        { type: assignments.type, outcome: 'ERASED', count: roles.length },
        { type: sessions.type, outcome: 'ERASED', count: ended.length },
        { type: accounts.type, outcome: 'ERASED', count: gone.length },
      ],
      subjects: [customerId, ...ids],
    };
  },
};

/** The addresses that an account had, as far back as the log goes. */
async function findFormerEmails(tx: UsersTransaction, { sealKeys }: UsersContext, customerId: string) {
  type Row = Parameters<typeof openChanges>[2][number];
  const rows = await tx.rows<Row>({
    text: `SELECT app, type, entity_id AS "entityId", version, data FROM platform.change_log
      WHERE tenant_id = $1 AND entity_id = $2 AND app = 'users' AND entity = 'User' ORDER BY seq`,
    values: [tx.tenantId, customerId],
  });
  const changes = await openChanges(tx.rows, tx.tenantId, rows, sealKeys);
  return changes.flatMap(({ data: { email } }) => (typeof email === 'string' ? [normaliseEmail(email)] : []));
}

/** By what apps know a customer. An address that is somebody else's by now is not theirs any more. */
export async function identifyCustomer(context: UsersContext, customerId: string) {
  return await context.database.read(context, async (tx) => {
    const [user] = await findUsersById(tx, [customerId]);
    const former = await findFormerEmails(tx, context, customerId);
    const emails = new Set([...(user ? [user.emailKey] : []), ...former]);
    for (const other of await findUsersByEmail(tx, [...emails]))
      if (other.id !== customerId) emails.delete(other.emailKey);
    return { emails: [...emails], names: user ? [user.username] : [] };
  });
}

export const privacyFields = privacyFieldsOf(privacy);
