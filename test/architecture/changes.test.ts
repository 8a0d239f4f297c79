import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Kind, parse } from 'graphql';
import { eventCatalogue } from '../../kernel/changes/catalogue.ts';
import { parseTenantId } from '../../kernel/tenancy/ids.ts';
import { apps } from '../../subgraphs/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../support/app.ts';
import { correlationIdOfTests } from '../support/call-app.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { readPublished } from '../support/published-changes.ts';

type Input = Readonly<Record<string, unknown>>;

/** A mutation that is sent once, what it asks for, and the types of the changes that it leaves, in order. */
interface Step {
  readonly app: string;
  readonly mutation: string;
  readonly input: Input;
  readonly changes: readonly string[];
  readonly caller?: TestCaller;
}

const owner = { ownerId: 'usr_1' };
const period = { dueAt: '2030-01-01T10:00:00.000Z' };
const maintenance = { startsAt: '2099-01-01T01:00:00.000Z', endsAt: '2099-01-01T02:00:00.000Z' };
const longAgo = '2020-01-01T00:00:00.000Z';
const auditOutcome = {
  ...{ focus: 'USERS', overallCompliance: true, appsAudited: ['users'] },
  ...{ findings: [], recommendations: [] },
};

/** Every mutation of the suite, in an order in which each finds what it needs. Ids are the client's where it may choose. */
const story: readonly Step[] = [
  step('users', 'createUser', { id: 'usr_1', username: 'ada', email: 'ada@example.com' }, ['USER_CREATED']),
  step('users', 'updateUser', { id: 'usr_1', username: 'ada-b' }, ['USER_UPDATED']),
  step('users', 'createSession', { id: 'ses_1', userId: 'usr_1', app: 'crm-web', sessionType: 'customer_care' }, [
    'SESSION_STARTED',
    'USER_LOGGED_IN',
  ]),
  step('users', 'endSession', { id: 'ses_1' }, ['SESSION_ENDED']),
  step('users', 'createRole', { name: 'helper', permissions: ['read:leads'] }, ['ROLE_CREATED']),
  step('users', 'createApiKey', { name: 'a key', allowedApps: ['crm-web'], roles: ['helper'] }, [
    'API_KEY_CREATED',
    'ROLE_ASSIGNED',
  ]),
  step('users', 'issueToken', { app: 'crm-web', permissions: [] }, ['TOKEN_ISSUED'], { credentialId: '$createApiKey' }),
  step('users', 'revokeApiKey', { id: '$createApiKey' }, ['API_KEY_REVOKED']),
  step('users', 'assignRole', { roleId: '$createRole', userId: 'usr_1' }, ['ROLE_ASSIGNED']),
  step('users', 'unassignRole', { roleId: '$createRole', userId: 'usr_1' }, ['ROLE_UNASSIGNED']),
  step('users', 'updateRole', { id: '$createRole', description: 'Helps' }, ['ROLE_UPDATED']),
  step('users', 'deleteRole', { id: '$createRole' }, ['ROLE_UNASSIGNED', 'ROLE_DELETED']),
  step('analytics', 'trackEvent', { customerId: 'usr_1', type: 'PAGE_VIEWED' }, ['EVENT_TRACKED', 'BEHAVIOR_UPDATED']),
  step('analytics', 'updatePreferences', { customerId: 'usr_1', preferences: { language: 'da' } }, [
    'PREFERENCES_UPDATED',
  ]),
  step('analytics', 'recordConsent', { customerId: 'usr_1', purpose: 'ANALYTICS', granted: true }, [
    'CONSENT_RECORDED',
  ]),
  step('analytics', 'setThreshold', { metric: 'behaviorScore', value: 1.5 }, ['THRESHOLD_SET']),
  step('analytics', 'trackEvent', { customerId: 'usr_1', type: 'PAGE_LEFT' }, [
    'EVENT_TRACKED',
    'BEHAVIOR_UPDATED',
    'ANALYTICS_THRESHOLD_REACHED',
  ]),
  step('documents', 'createFolder', { ...owner, id: 'fol_1', name: 'Letters' }, ['FOLDER_CREATED']),
  step('documents', 'uploadDocument', { ...owner, id: 'doc_1', title: 'A letter', text: 'Dear' }, [
    'DOCUMENT_UPLOADED',
  ]),
  step('documents', 'updateDocument', { id: 'doc_1', folderId: 'fol_1' }, ['DOCUMENT_UPDATED']),
  step('documents', 'processDocument', { id: 'doc_1' }, ['DOCUMENT_PROCESSED']),
  step('documents', 'setRetentionRule', { type: 'CONTRACT', years: 10 }, ['RETENTION_RULE_SET']),
  step('documents', 'deleteDocument', { id: 'doc_1' }, ['DOCUMENT_DELETED']),
  step('documents', 'uploadDocument', { ...owner, id: 'doc_2', title: 'A film', size: 9 }, ['DOCUMENT_UPLOADED']),
  step('documents', 'processDocument', { id: 'doc_2' }, ['DOCUMENT_PROCESSING_FAILED']),
  step('crm', 'createLead', { id: 'lea_1', firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com' }, [
    'CONTACT_CREATED',
    'LEAD_CREATED',
    'ACTIVITY_CREATED',
  ]),
  step('crm', 'updateLead', { id: 'lea_1', status: 'QUALIFIED' }, ['LEAD_STATUS_CHANGED']),
  step('crm', 'updateLead', { id: 'lea_1', assigneeId: 'usr_1' }, ['LEAD_ASSIGNED']),
  step('crm', 'updateLead', { id: 'lea_1', company: 'Engines' }, ['LEAD_UPDATED']),
  step('crm', 'convertLead', { id: 'lea_1', deal: { id: 'dea_1' } }, [
    'LEAD_CONVERTED',
    'DEAL_CREATED',
    'ACTIVITY_CREATED',
  ]),
  step('crm', 'createCompany', { id: 'com_1', name: 'Engines' }, ['COMPANY_CREATED']),
  step('crm', 'updateCompany', { id: 'com_1', name: 'Fine Engines' }, ['COMPANY_UPDATED']),
  step('crm', 'createContact', { id: 'con_1', firstName: 'Ada', lastName: 'King' }, ['CONTACT_CREATED']),
  step('crm', 'updateContact', { id: 'con_1', phone: '+45 12345678' }, ['CONTACT_UPDATED']),
  step('crm', 'createDeal', { id: 'dea_2', title: 'An engine', amount: 5, currency: 'EUR', contactId: 'con_1' }, [
    'DEAL_CREATED',
  ]),
  step('crm', 'updateDeal', { id: 'dea_2', amount: 6 }, ['DEAL_UPDATED']),
  step('crm', 'setRevenueMilestones', { currency: 'EUR', amounts: [6, 60] }, [
    ...['REVENUE_MILESTONE_SET', 'REVENUE_MILESTONE_SET'],
  ]),
  step('crm', 'updateDeal', { id: 'dea_2', stage: 'WON' }, ['DEAL_WON', 'REVENUE_MILESTONE']),
  step('crm', 'setRevenueMilestones', { currency: 'EUR', amounts: [6] }, ['REVENUE_MILESTONE_REMOVED']),
  step('crm', 'updateDeal', { id: 'dea_1', stage: 'LOST' }, ['DEAL_LOST']),
  step('crm', 'logActivity', { id: 'act_1', type: 'CALL', entityType: 'CONTACT', entityId: 'con_1' }, [
    'ACTIVITY_CREATED',
  ]),
  step('crm', 'logActivity', { type: 'MEETING', ...period, entityType: 'DEAL', entityId: 'dea_1' }, [
    'MEETING_SCHEDULED',
  ]),
  step('crm', 'completeActivity', { id: 'act_1' }, ['ACTIVITY_COMPLETED']),
  step('crm', 'createContact', { id: 'con_2', firstName: 'A.', lastName: 'King' }, ['CONTACT_CREATED']),
  step('crm', 'mergeContacts', { sourceId: 'con_1', targetId: 'con_2' }, [
    'DEAL_UPDATED',
    'ACTIVITY_UPDATED',
    'CONTACT_DELETED',
    'CONTACT_MERGED',
    'ACTIVITY_CREATED',
  ]),
  step('crm', 'syncContacts', { messages: [{ from: 'Joan Clarke <joan@example.com>' }] }, [
    'CONTACT_CREATED',
    'ACTIVITY_CREATED',
  ]),
  step('coordination', 'executeVoiceCommand', { command: 'get_leads' }, [
    'VOICE_PROCESSING_STARTED',
    'VOICE_PROCESSING_COMPLETED',
    'VOICE_COMMAND_EXECUTED',
  ]),
  step('security', 'reportIncident', { id: 'inc_1', type: 'data_breach', severity: 'HIGH', description: 'A leak' }, [
    'SECURITY_INCIDENT',
  ]),
  step('security', 'acknowledgeIncident', { id: 'inc_1' }, ['INCIDENT_ACKNOWLEDGED']),
  step('security', 'resolveIncident', { id: 'inc_1', resolution: 'Mended' }, ['INCIDENT_RESOLVED']),
  step('security', 'recordComplianceReport', auditOutcome, ['COMPLIANCE_CHECK_COMPLETED']),
  step('security', 'beginBackup', backup('bak_1', longAgo), ['BACKUP_STARTED']),
  step('security', 'completeBackup', backupFile('bak_1'), ['BACKUP_COMPLETED', 'BACKUP_DELETED']),
  step('security', 'beginBackup', backup('bak_2', new Date().toISOString()), ['BACKUP_STARTED']),
  step('security', 'failBackup', { id: 'bak_2' }, ['BACKUP_FAILED']),
  step('coordination', 'requestBackup', {}, ['WORKFLOW_STARTED']),
  step('coordination', 'requestReport', { kind: 'LEADS' }, ['REPORT_REQUESTED', 'WORKFLOW_STARTED']),
  step('coordination', 'exportCustomer', { customerId: 'usr_1' }, ['WORKFLOW_STARTED']),
  step('coordination', 'eraseCustomer', { customerId: 'usr_1', reason: 'Asked for' }, ['WORKFLOW_STARTED']),
  step('users', 'createUser', { id: 'usr_2', username: 'eve', email: 'eve@example.com' }, ['USER_CREATED']),
  step('users', 'discardUser', { id: 'usr_2' }, ['USER_DELETED']),
  step('analytics', 'ensureTracking', { customerId: 'usr_2' }, ['BEHAVIOR_UPDATED']),
  step('analytics', 'discardTracking', { customerId: 'usr_2' }, ['BEHAVIOR_DELETED']),
  step('analytics', 'processAnalytics', {}, ['ANALYTICS_PROCESSED']),
  step('documents', 'createFolder', { ownerId: 'usr_2', id: 'fol_2', name: 'Notes' }, ['FOLDER_CREATED']),
  step('documents', 'discardFolders', { ownerId: 'usr_2' }, ['FOLDER_DELETED']),
  step('documents', 'uploadDocument', { ...owner, id: 'doc_3', title: 'A note', text: 'Well' }, ['DOCUMENT_UPLOADED']),
  step('documents', 'processDocuments', {}, ['DOCUMENT_PROCESSED']),
  step('crm', 'createLead', { id: 'lea_2', firstName: 'Lea', lastName: 'Dahl', email: 'lea@example.com' }, [
    'CONTACT_CREATED',
    'LEAD_CREATED',
    'ACTIVITY_CREATED',
  ]),
  step('crm', 'updateLead', { id: 'lea_2', email: 'lea.dahl@example.com' }, ['LEAD_UPDATED']),
  step('crm', 'settleLead', { id: 'lea_2' }, ['CONTACT_CREATED', 'LEAD_UPDATED']),
  step('coordination', 'onboardUser', { username: 'kim', email: 'kim@example.com' }, ['WORKFLOW_STARTED']),
  step('coordination', 'cancelWorkflow', { id: '$onboardUser' }, ['WORKFLOW_CANCEL_REQUESTED']),
  step('coordination', 'runDataPipeline', {}, ['WORKFLOW_STARTED']),
  step('coordination', 'runComplianceAudit', { focus: 'USERS' }, ['WORKFLOW_STARTED']),
  step('coordination', 'processLead', { leadId: 'lea_2' }, ['WORKFLOW_STARTED']),
  step('coordination', 'enqueueJob', { queue: 'analytics-processing', type: 'RECOMPUTE', key: 'today' }, [
    'JOB_QUEUED',
  ]),
  step('coordination', 'cancelJob', { id: '$enqueueJob' }, ['JOB_CANCELLED']),
  step('coordination', 'redriveQueue', { queue: 'analytics-processing', ids: '$enqueueJob' }, ['JOB_REDRIVEN']),
  step('coordination', 'announceMaintenance', { message: 'New disks', ...maintenance }, ['SYSTEM_MAINTENANCE']),
  step('coordination', 'createNotification', { id: 'ntf_1', type: 'NOTE', title: 'A note', message: 'Read it' }, [
    'NOTIFICATION_CREATED',
  ]),
  step('coordination', 'markRead', { ids: ['ntf_1'] }, ['NOTIFICATIONS_READ']),
  step('coordination', 'updateNotificationPreferences', { preferences: [{ type: 'NOTE', email: true }] }, [
    'NOTIFICATION_PREFERENCES_UPDATED',
  ]),
  step('coordination', 'registerWebhook', { url: 'https://example.com/hook' }, ['WEBHOOK_REGISTERED']),
  step('coordination', 'removeWebhook', { id: '$registerWebhook' }, ['WEBHOOK_REMOVED']),
];

/** What runs other mutations, or changes no record of the graph. */
const withoutChangesOfTheirOwn = [
  // Their own test tells what it is like when somebody is erased.
  /^erase[A-Z][a-z]+CustomerData$/,
  // A run has to have failed; its own test has one begun anew.
  'retryWorkflow',
  'push',
  'ackRejections',
  'redriveDeadLetters',
  /^apply[A-Z][a-z]+Mutations$/,
];

/** What is left when somebody is erased, and by the runs that do that or gather what is held on them. */
const ofErasure: readonly string[] = [
  ...['USER_DELETED', 'SESSION_DELETED', 'EVENT_DELETED', 'BEHAVIOR_DELETED', 'FOLDER_DELETED', 'LEAD_DELETED'],
  ...['ACTIVITY_DELETED', 'INCIDENT_ANONYMISED', 'VOICE_COMMAND_DELETED', 'CUSTOMER_EXPORT_DELETED'],
  'NOTIFICATION_DELETED',
  ...['CUSTOMER_EXPORTED', 'CUSTOMER_ERASED'],
];

/** What runs of workflows tell of themselves. */
const ofRuns: readonly string[] = ['WORKFLOW_STEP_ENDED', 'WORKFLOW_ENDED'];

/** Types that none of these leaves: of a new tenant or a restored one, of reports, and of sync. */
const unpublished: readonly string[] = [
  ...ofErasure,
  ...ofRuns,
  'TENANT_CREATED',
  'JOB_FAILED',
  ...['REPORT_COMPLETED', 'REPORT_DELETED'],
  ...['MUTATION_SETTLED', 'REJECTIONS_ACKNOWLEDGED'],
  'TENANT_RESTORED',
];

/** A login, the giving out of a token, and what was done or reached tell of a record that stays as it is. */
const keepingVersion = new Set([
  ...['USER_LOGGED_IN', 'TOKEN_ISSUED', 'VOICE_COMMAND_EXECUTED', 'ANALYTICS_THRESHOLD_REACHED'],
]);

function backup(id: string, requestedAt: string): Input {
  return { id, requestedAt, requestedBy: 'usr_1' };
}

function backupFile(id: string): Input {
  return { id, size: 1, checksum: 'a'.repeat(64), rowCount: 1, asOf: new Date().toISOString() };
}

function step(app: string, mutation: string, input: Input, changes: readonly string[], caller: TestCaller = {}): Step {
  return { app, mutation, input, changes, caller };
}

describe('every mutation of the suite', () => {
  let database: TestDatabase;
  const running = new Map<string, TestApp>();

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const app of apps.filter(({ name }) => story.some((one) => one.app === name))) {
      running.set(app.name, await startTestApp(app, database, [...running.values()]));
    }
    const tenant = { id: parseTenantId('acme'), name: 'Acme', people: [], keys: [] };
    await running.get('users')?.insertDemo(tenant);
  });

  afterAll(async () => {
    for (const app of running.values()) await app.stop();
    await database.drop();
  });

  test('is part of the story below, or is known to run others', async () => {
    const told = new Set(story.map(({ mutation }) => mutation));
    const isExcused = (name: string) =>
      withoutChangesOfTheirOwn.some((one) => one === name || (one instanceof RegExp && one.test(name)));
    const missing: string[] = [];
    for (const app of apps) {
      const { definitions } = parse(await app.readSdl());
      const fields = definitions.flatMap((one) =>
        (one.kind === Kind.OBJECT_TYPE_DEFINITION || one.kind === Kind.OBJECT_TYPE_EXTENSION) &&
        one.name.value === 'Mutation'
          ? (one.fields ?? []).map(({ name }) => name.value)
          : [],
      );
      expect(fields).not.toEqual([]);
      missing.push(...fields.filter((name) => !told.has(name) && !isExcused(name)));
    }
    expect(missing).toEqual([]);
  });

  test('leaves its changes in the log, and who did it, and in which request', async () => {
    const made = new Map<string, string>();
    const idOf = (value: unknown) => (typeof value === 'string' && value.startsWith('$') ? made.get(value) : value);
    const versions = new Map<string, number>();
    let seen = 0;
    for (const { app, mutation, input, changes, caller } of story) {
      const asked = Object.fromEntries(Object.entries(input).map(([name, value]) => [name, idOf(value)]));
      const credentialId = String(idOf(caller?.credentialId ?? 'key-of-the-story'));
      const sender = { app: 'flow-web', credentialId };
      const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
      const text = `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { field message } } }`;
      const answer = await running.get(app)?.execute<Record<string, object>>(text, { input: asked }, sender);
      expect({ mutation, answer }).toEqual({ mutation, answer: { data: { [mutation]: { userErrors: [] } } } });
      const published = (await readPublished(database)).slice(seen);
      seen += published.length;
      expect({ mutation, changes: published.map(({ type }) => type) }).toEqual({ mutation, changes });
      const origin = {
        tenant: 'acme',
        app,
        actor: credentialId,
        sourceApp: 'flow-web',
        correlationId: correlationIdOfTests,
      };
      for (const change of published) {
        expect(change).toMatchObject(origin);
        const record = `${change.entity} ${change.entityId}`;
        const before = versions.get(record) ?? 0;
        const isSame = keepingVersion.has(change.type);
        expect([change.type, change.version]).toEqual([change.type, isSame ? before : before + 1]);
        versions.set(record, change.version);
      }
      made.set(`$${mutation}`, published[0]?.entityId ?? '');
    }
  });

  test('and every other type of the catalogue is known to come from elsewhere', () => {
    const published = story.flatMap(({ changes }) => changes);
    expect([...eventCatalogue().keys()].sort()).toEqual([...new Set([...published, ...unpublished])].sort());
  });
});
