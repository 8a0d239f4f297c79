import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildASTSchema, parse } from 'graphql';
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
  step('analytics', 'setThreshold', { metric: 'behaviorScore', comparison: 'BELOW', value: 5 }, ['THRESHOLD_SET']),
  step('documents', 'createFolder', { ...owner, id: 'fol_1', name: 'Letters' }, ['FOLDER_CREATED']),
  step('documents', 'uploadDocument', { ...owner, id: 'doc_1', title: 'A letter', text: 'Dear' }, [
    'DOCUMENT_UPLOADED',
  ]),
  step('documents', 'updateDocument', { id: 'doc_1', folderId: 'fol_1' }, ['DOCUMENT_UPDATED']),
  step('documents', 'processDocument', { id: 'doc_1' }, ['DOCUMENT_PROCESSED']),
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
  step('crm', 'updateDeal', { id: 'dea_2', stage: 'WON' }, ['DEAL_WON']),
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
];

/** What runs other mutations, or changes no record of the graph. */
const withoutChangesOfTheirOwn = ['push', 'ackRejections', 'redriveDeadLetters', /^apply[A-Z][a-z]+Mutations$/];

/** Types that none of these leaves: of a new tenant, of sync, of reactions to changes, and of parts that are still to come. */
const unpublished: readonly string[] = [
  'TENANT_CREATED',
  ...['MUTATION_SETTLED', 'REJECTIONS_ACKNOWLEDGED'],
  'ANALYTICS_THRESHOLD_REACHED',
  ...['VOICE_PROCESSING_STARTED', 'VOICE_PROCESSING_COMPLETED', 'VOICE_COMMAND_EXECUTED'],
  ...['SECURITY_INCIDENT', 'COMPLIANCE_CHECK_COMPLETED', 'BACKUP_COMPLETED', 'SYSTEM_MAINTENANCE'],
  'REVENUE_MILESTONE',
];

function step(app: string, mutation: string, input: Input, changes: readonly string[], caller: TestCaller = {}): Step {
  return { app, mutation, input, changes, caller };
}

describe('every mutation of the suite', () => {
  let database: TestDatabase;
  const running = new Map<string, TestApp>();

  beforeAll(async () => {
    database = await createTestDatabase();
    for (const app of apps.filter(({ name }) => story.some((one) => one.app === name))) {
      running.set(app.name, await startTestApp(app, database));
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
      const schema = buildASTSchema(parse(await app.readSdl()), { assumeValidSDL: true });
      const fields = Object.keys(schema.getMutationType()?.getFields() ?? {});
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
        // A login and the giving out of a token tell of a record that stays as it is.
        const isSame = ['USER_LOGGED_IN', 'TOKEN_ISSUED'].includes(change.type);
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
