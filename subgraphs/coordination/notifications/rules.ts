import type { Priority } from '../../../kernel/changes/change.ts';
import { sayMoney } from '../voice/phrases.ts';
import type { Audience } from './audience.ts';

/** What an event says, less what is personal: nobody is told that by a notification. */
export type EventData = Readonly<Record<string, unknown>>;

/** What somebody is told when something has happened. */
export interface NotificationRule {
  /** Who is told; undefined where nobody is. */
  readonly audience: (data: EventData) => Audience | undefined;
  readonly title: string;
  readonly message: string | ((data: EventData) => string);
  /** That of the event, unless it is said here. */
  readonly app?: string;
  readonly type?: string;
  readonly priority?: Priority;
}

/** What is told when something happens, by event type. */
export type NotificationRules = Readonly<Record<string, readonly NotificationRule[]>>;

const everybody = (): Audience => ({ userId: null, permission: null });
const allWith = (permission: string) => (): Audience => ({ userId: null, permission });
const theUser =
  (field: string) =>
  ({ [field]: userId }: EventData): Audience | undefined =>
    typeof userId === 'string' ? { userId, permission: null } : undefined;

const time = (value: unknown) => `${String(value).slice(0, 16).replace('T', ' ')} UTC`;
const money = (amount: unknown, currency: unknown) => sayMoney(Number(amount), String(currency));

/** A meeting about a lead is of interest to those who see that lead. */
function meetingAudience(data: EventData): Audience {
  const { subjectAssigneeId } = data;
  if (subjectAssigneeId === undefined) return { userId: null, permission: 'read:activities' };
  return theUser('subjectAssigneeId')(data) ?? { userId: null, permission: 'read:leads' };
}

/**
 * What is told of what happens in all apps. A permission stands for those who may read the event itself; to others nothing
 * is told that is in it.
 */
export const notificationRules: NotificationRules = {
  LEAD_CREATED: [
    { audience: allWith('read:leads'), title: 'New lead', message: 'A new lead has come in.', priority: 'NORMAL' },
  ],
  LEAD_ASSIGNED: [
    { audience: theUser('assigneeId'), title: 'Lead assigned', message: 'You take care of a lead from now on.' },
  ],
  LEAD_CONVERTED: [
    {
      audience: allWith('read:leads'),
      title: 'Lead converted',
      message: 'A lead has become a customer.',
      priority: 'LOW',
    },
  ],
  DEAL_WON: [
    {
      audience: allWith('read:deals'),
      title: 'Deal won',
      message: ({ amount, currency }) => `A deal of ${money(amount, currency)} was won.`,
    },
  ],
  DEAL_LOST: [
    {
      audience: allWith('read:deals'),
      title: 'Deal lost',
      message: ({ amount, currency }) => `A deal of ${money(amount, currency)} was lost.`,
    },
  ],
  REVENUE_MILESTONE: [
    {
      audience: allWith('read:deals'),
      title: 'Revenue milestone',
      message: ({ milestone, currency }) => `The deals that were won have come to ${money(milestone, currency)}.`,
    },
  ],
  MEETING_SCHEDULED: [
    {
      audience: meetingAudience,
      title: 'Meeting scheduled',
      message: ({ dueAt }) => `There is to be a meeting at ${time(dueAt)}.`,
    },
  ],
  DOCUMENT_PROCESSED: [
    { audience: theUser('ownerId'), title: 'Document processed', message: 'A document of yours was processed.' },
  ],
  DOCUMENT_PROCESSING_FAILED: [
    {
      audience: theUser('ownerId'),
      title: 'Document not processed',
      message: 'A document of yours could not be processed.',
    },
  ],
  USER_CREATED: [
    { audience: allWith('read:users'), title: 'New account', message: 'An account was made.', priority: 'LOW' },
  ],
  ROLE_ASSIGNED: [
    { audience: theUser('userId'), title: 'New role', message: 'You were given a role: you may do more from now on.' },
  ],
  ROLE_UNASSIGNED: [
    {
      audience: theUser('userId'),
      title: 'Role withdrawn',
      message: 'A role was taken from you: you may do less from now on.',
    },
  ],
  API_KEY_CREATED: [
    { audience: allWith('read:keys'), title: 'New API key', message: 'An API key was made.', priority: 'NORMAL' },
  ],
  ANALYTICS_THRESHOLD_REACHED: [
    {
      audience: allWith('read:analytics'),
      title: 'Threshold reached',
      message: ({ metric, comparison, threshold, value }) =>
        `${metric} is ${value}: ${comparison === 'BELOW' ? 'below' : 'above'} ${threshold}.`,
    },
  ],
  SECURITY_INCIDENT: [
    {
      audience: allWith('read:security'),
      title: 'Security incident',
      message: ({ type, severity }) => `An incident of severity ${severity} was reported: ${type}.`,
      priority: 'CRITICAL',
    },
  ],
  INCIDENT_RESOLVED: [
    {
      audience: allWith('read:security'),
      title: 'Incident resolved',
      message: ({ type }) => `An incident was resolved: ${type}.`,
    },
  ],
  COMPLIANCE_CHECK_COMPLETED: [
    {
      audience: allWith('read:compliance'),
      title: 'Compliance audit completed',
      message: ({ focus, findingCount }) => `An audit of ${focus} has ended. Findings: ${findingCount}.`,
    },
  ],
  BACKUP_COMPLETED: [
    { audience: allWith('read:security'), title: 'Backup completed', message: 'A backup was made.', priority: 'LOW' },
  ],
  BACKUP_FAILED: [
    { audience: allWith('read:security'), title: 'Backup failed', message: 'A backup could not be made.' },
  ],
  WORKFLOW_ENDED: [
    {
      audience: ({ status }) => (status === 'FAILED' ? allWith('read:workflows')() : undefined),
      title: 'Workflow failed',
      message: ({ name }) => `A run of ${name} came to nothing.`,
      priority: 'HIGH',
    },
  ],
  SYSTEM_MAINTENANCE: [
    {
      audience: everybody,
      title: 'Maintenance',
      message: ({ message, startsAt, endsAt }) => `${time(startsAt)} to ${time(endsAt)}: ${message}`,
    },
  ],
};
