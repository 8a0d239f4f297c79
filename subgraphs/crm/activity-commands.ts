import { z } from 'zod';
import type { CompleteActivityInput, LogActivityInput } from '../../generated/graphql/crm.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, notFound, runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, unchanged } from '../../kernel/subgraph/input.ts';
import { activityChange, findPeople, leadOf } from './changes.ts';
import { longText, optional, title } from './input-fields.ts';
import type { CrmContext } from './loaders.ts';
import { type RecordKind, readToChange } from './record-to-change.ts';
import { assigneesOfSubjects, maySeeSubject } from './rules.ts';
import { changeActivity, insertActivity, withoutLeadsOfOthers } from './store/activities.ts';
import { findContactsById } from './store/contacts.ts';
import { findDealsById } from './store/deals.ts';
import { findLeadsById } from './store/leads.ts';
import type { ActivityModel, CrmTransaction } from './store.ts';

const logActivityInput = z.object({
  id: entityId().nullish(),
  type: z
    .string()
    .regex(/^[A-Z][A-Z0-9_]{0,63}$/, 'Use 1 to 64 capital letters, digits and _, a letter first, as in CALL.'),
  subject: optional(title()),
  description: optional(longText()),
  entityType: z.enum(['LEAD', 'CONTACT', 'DEAL']),
  entityId: entityId(),
  dueAt: optional(z.date()),
  completedAt: optional(z.date()),
});

const completeActivityInput = z.object({ id: entityId(), completedAt: z.date().nullish() });

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const activityConstraints = {
  activities_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  activities_contact: {
    code: 'CONFLICT',
    field: 'entityId',
    message: 'The contact was merged with another in the meantime. Send it again.',
  },
} as const satisfies ConstraintMeanings;

const activityKindFor = ({ principal }: CrmContext): RecordKind<ActivityModel> => ({
  table: 'activities',
  seen: (tx, rows) => withoutLeadsOfOthers(tx, rows, assigneesOfSubjects(principal)),
  noun: 'activity',
});

interface Subject {
  readonly contactId: string | null;
  /** Of a lead. */
  readonly assigneeId?: string | null;
}

/** What an activity is about, as far as it matters to the activity; undefined when the tenant has no such record. */
async function findSubject(
  tx: CrmTransaction,
  type: ActivityModel['entityType'],
  id: string,
): Promise<Subject | undefined> {
  switch (type) {
    case 'LEAD':
      return (await findLeadsById(tx, [id]))[0];
    case 'CONTACT':
      return (await findContactsById(tx, [id])).map((contact) => ({ contactId: contact.id }))[0];
    case 'DEAL':
      return (await findDealsById(tx, [id]))[0];
  }
}

function isMeetingToCome({ type, dueAt, completedAt }: ActivityModel): boolean {
  return type === 'MEETING' && dueAt !== null && completedAt === null;
}

/** Logs an activity about a lead, a contact or a deal. */
export async function logActivity(context: CrmContext, input: LogActivityInput): Promise<CommandResult<ActivityModel>> {
  const parsed = parseInput(logActivityInput, input);
  if (!parsed.ok) return parsed;
  const { id, ...fields } = parsed.value;
  return runCommand(context, activityConstraints, async (tx, publish) => {
    const subject = await findSubject(tx, fields.entityType, fields.entityId);
    if (!subject || !maySeeSubject(context.principal, fields.entityType, subject)) {
      return notFound('entityId', fields.entityType.toLowerCase());
    }
    const { contactId, assigneeId = null } = subject;
    const activity = await insertActivity(tx, { ...fields, id: id ?? newEntityId(), contactId });
    const people = await findPeople(tx, context, [contactId]);
    publish(
      activityChange(isMeetingToCome(activity) ? 'MEETING_SCHEDULED' : 'ACTIVITY_CREATED', activity, people, {
        assigneeId,
      }),
    );
    return done(activity);
  });
}

/** Notes that an activity is done. Completing it again changes nothing. */
export async function completeActivity(
  context: CrmContext,
  input: CompleteActivityInput,
): Promise<CommandResult<ActivityModel>> {
  const parsed = parseInput(completeActivityInput, input);
  if (!parsed.ok) return parsed;
  const { id, completedAt } = parsed.value;
  return runCommand(context, activityConstraints, async (tx, publish) => {
    const current = await readToChange(tx, activityKindFor(context), { id });
    if (!current.ok) return current;
    if (current.value.completedAt !== null) return unchanged(current.value);
    const activity = await changeActivity(tx, current.value, { completedAt: completedAt ?? new Date() });
    const people = await findPeople(tx, context, [activity.contactId]);
    publish(activityChange('ACTIVITY_COMPLETED', activity, people, await leadOf(tx, activity)));
    return done(activity);
  });
}
