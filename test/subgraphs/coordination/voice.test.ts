import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { PrismaClient } from '../../../generated/prisma/coordination/client.ts';
import { defineApp } from '../../../kernel/subgraph/app.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import { createPrincipal } from '../../../kernel/tenancy/principal.ts';
import { createCallSigner } from '../../../kernel/tenancy/subgraph-token.ts';
import { coordination } from '../../../subgraphs/coordination/index.ts';
import { createCoordinationLoaders } from '../../../subgraphs/coordination/loaders.ts';
import type {
  Intent,
  SpokenResult,
  Utterance,
  VoiceInterpreter,
} from '../../../subgraphs/coordination/voice/interpreter.ts';
import { voiceResolversWith } from '../../../subgraphs/coordination/voice/resolvers.ts';
import { ruleInterpreter } from '../../../subgraphs/coordination/voice/rule-interpreter.ts';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { secretOfTests } from '../../support/call-app.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { publishedBy } from '../../support/published-changes.ts';
import { createIn, createLeadIn } from '../crm/arrange.ts';

let database: TestDatabase;
let app: TestApp;
let source: TestApp;
beforeAll(async () => {
  database = await createTestDatabase();
  source = await startTestApp(crm, database);
  app = await startTestApp(coordination, database, [source]);
});
afterAll(async () => {
  await app.stop();
  await source.stop();
  await database.drop();
});

interface Answer {
  readonly success: boolean;
  readonly speech: string;
  readonly data: Record<string, readonly Record<string, unknown>[] & Record<string, unknown>>;
  readonly voiceCommand: { readonly id: string; readonly command: string; readonly success: boolean } | null;
  readonly userErrors: readonly { readonly field: string | null; readonly code: string; readonly message: string }[];
}

const operation = `mutation ($input: ExecuteVoiceCommandInput!) { executeVoiceCommand(input: $input) {
  success speech data voiceCommand { id command userId sourceApp success speech } userErrors { field code message }
} }`;

/** What the permission matrix gives to the voice agent. */
const agent: TestCaller = { app: 'voice-agent', permissions: ['execute:voice', 'read:leads', 'write:activities'] };

async function say(command: string, parameters: object | null = null, caller: TestCaller = {}): Promise<Answer> {
  const input = { command, parameters, timeZone: 'Europe/Copenhagen' };
  const { data, errors } = await app.execute<{ executeVoiceCommand: Answer }>(operation, { input }, caller);
  if (errors) throw new Error(JSON.stringify(errors));
  return data.executeVoiceCommand;
}

const typesOf = (changes: readonly { readonly type: string }[]) => changes.map(({ type }) => type);
const lived = ['VOICE_PROCESSING_STARTED', 'VOICE_PROCESSING_COMPLETED', 'VOICE_COMMAND_EXECUTED'];

describe('executeVoiceCommand', () => {
  test('finds leads for the voice agent, tells what it found, and who asked what is kept without names', async () => {
    await createLeadIn(source, { email: 'ada@example.com' });
    await createLeadIn(source, { firstName: 'Grace', lastName: 'Hopper', email: 'grace@example.com' });
    let answer: unknown;
    const changes = await publishedBy({ database }, async () => {
      const text = `mutation { executeVoiceCommand(input: {command: "get_leads", parameters: {status: "NEW", limit: 5}}) {
        success speech data userErrors { code } } }`;
      answer = (await app.execute<{ executeVoiceCommand: unknown }>(text, {}, agent)).data.executeVoiceCommand;
    });
    expect(answer).toMatchObject({
      success: true,
      speech: 'There are two new leads. They are Grace Hopper and Ada Byron.',
      data: { totalCount: 2, leads: [{ firstName: 'Grace', status: 'NEW' }, { email: 'ada@example.com' }] },
      userErrors: [],
    });
    expect(typesOf(changes)).toEqual(lived);
    expect(changes[2]?.data).toMatchObject({ command: 'get_leads', success: true, speech: 'There are two new leads.' });
    expect(JSON.stringify(changes)).not.toMatch(/Hopper|example\.com/);
  });

  test('creates a lead, and says what is wrong with one as the CRM does', async () => {
    const lead = { firstName: 'Mary', lastName: 'Somerville', email: 'mary@example.com' };
    const changes = await publishedBy({ database }, async () => {
      const made = await say('create_lead', lead);
      expect(made).toMatchObject({ success: true, speech: 'The lead is created. It is Mary Somerville.' });
      expect(made.data.lead?.id).toBe(made.voiceCommand?.id);
    });
    expect(typesOf(changes).filter((type) => type.startsWith('VOICE') || type.startsWith('LEAD'))).toEqual([
      ...['VOICE_PROCESSING_STARTED', 'LEAD_CREATED', 'VOICE_PROCESSING_COMPLETED', 'VOICE_COMMAND_EXECUTED'],
    ]);
    const bad = await say('create_lead', { ...lead, email: 'no address' });
    expect(bad).toMatchObject({ success: false, voiceCommand: { success: false } });
    expect(bad.userErrors).toMatchObject([{ field: 'parameters.email', code: 'BAD_USER_INPUT' }]);
    expect((await say('create a lead for Ada')).userErrors.map(({ field }) => field)).toEqual([
      ...['parameters.lastName', 'parameters.email'],
    ]);
  });

  test('does what is sent again under its idempotency key once', async () => {
    const permissions = ['execute:voice', 'write:leads'];
    const asker = {
      tenantId: parseTenantId('acme'),
      app: 'voice-agent',
      credentialId: 'k',
      userId: 'usr_9',
      permissions,
    };
    const send = async (email: string) => {
      const sign = createCallSigner(secretOfTests, 'coordination');
      const call = { principal: createPrincipal(asker), correlationId: 'again', idempotencyKey: 'key-1' };
      const token = sign({ ...call, requestDigest: `digest of ${email}` });
      const parameters = { firstName: 'Lise', lastName: 'Meitner', email };
      const input = { command: 'create_lead', parameters };
      const { signal } = new AbortController();
      const answer = await app.running.execute({
        ...{ document: operation, operationName: undefined, variables: { input }, token, signal },
      });
      return (answer.data?.executeVoiceCommand as Answer | null) ?? answer.errors?.[0]?.extensions?.code;
    };
    const changes = await publishedBy({ database }, async () => {
      const [first, again] = [await send('lise@example.com'), await send('lise@example.com')];
      expect(first).toMatchObject({ success: true, voiceCommand: { command: 'create_lead' } });
      expect(again).toEqual(first);
      const bad = await send('other@example.com');
      expect(bad).toBe('IDEMPOTENCY_MISMATCH');
    });
    expect(typesOf(changes).filter((type) => type.startsWith('VOICE'))).toEqual(lived);
    expect(typesOf(changes).filter((type) => type === 'LEAD_CREATED')).toHaveLength(1);
  });

  test.each<[string, string, RegExp]>([
    ['Please show me five new leads.', 'get_leads', /^There (is|are) \w+ new leads?/],
    ['how many qualified leads do we have?', 'get_leads', /^There are no qualified leads\.$/],
    ['create a lead for Joan Clarke joan@example.com from Hut 8', 'create_lead', /It is Joan Clarke\.$/],
    ['add a new lead named Hedy Lamarr, hedy at example dot com', 'create_lead', /It is Hedy Lamarr\.$/],
    ['could you look for lamarr', 'search_contacts', /^I found one contact\. It is Hedy Lamarr\.$/],
    ['find the contact named nobody at all', 'search_contacts', /^I found no contacts\.$/],
    ['list my open deals', 'get_deals', /^There are no open deals\.$/],
    [
      'Schedule a call with Joan Clarke about Enigma in 2 days at 3',
      'schedule_meeting',
      /at 15:00\. It is with Joan Clarke\.$/,
    ],
    [
      'book a meeting tomorrow at 10:30 am with joan@example.com',
      'schedule_meeting',
      /at 10:30\. It is with Joan Clarke\.$/,
    ],
    ['How are we doing?', 'get_metrics', /^In the last 30 days there came .* leads/],
  ])('understands %j', async (sentence, command, speech) => {
    const answer = await say(sentence);
    expect(answer).toMatchObject({ success: true, voiceCommand: { command }, userErrors: [] });
    expect(answer.speech).toMatch(speech);
  });

  test('speaks of money and of several currencies as one says them', async () => {
    await createIn(source, 'Deal', { title: 'An engine', amount: 1_250_000, currency: 'EUR' });
    await createIn(source, 'Deal', { title: 'A mill', amount: 150, currency: 'USD', stage: 'WON' });
    const all = await say('get_deals');
    expect(all.speech).toBe(
      'There are two deals, worth 1.50 US dollars and 12,500 euros. ' +
        'The newest are A mill for 1.50 US dollars and An engine for 12,500 euros.',
    );
    expect(await say('get_deals', { stage: 'won', limit: '1' })).toMatchObject({ data: { deals: [{ stage: 'WON' }] } });
  });

  test('schedules a meeting with a lead where the sender may not see contacts, and asks when more than one is meant', async () => {
    await createLeadIn(source, { firstName: 'Emmy', lastName: 'Noether', email: 'emmy@example.com' });
    await createLeadIn(source, { firstName: 'Max', lastName: 'Noether', email: 'max@example.com' });
    const at = '2090-01-01T09:00:00Z';
    const both = await say('schedule_meeting', { with: 'noether', at }, agent);
    expect(both.userErrors).toMatchObject([{ field: 'parameters.with', code: 'BAD_USER_INPUT' }]);
    const changes = await publishedBy({ database }, async () => {
      const one = await say('schedule_meeting', { with: 'emmy@example.com', at }, agent);
      expect(one.speech).toBe('The meeting is scheduled for Sunday 1 January at 10:00. It is with Emmy Noether.');
    });
    expect(typesOf(changes)).toContain('MEETING_SCHEDULED');
    expect((await say('schedule_meeting', { with: 'nobody', at })).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    const over = await say('schedule_meeting', { with: 'emmy', at: '2020-01-01T00:00:00Z' });
    expect(over.userErrors).toMatchObject([{ field: 'parameters.at' }]);
  });

  test('refuses a command that is not known, not allowed, or given what it does not take; only the audit record stays', async () => {
    const changes = await publishedBy({ database }, async () => {
      const unknown = await say('sing a song');
      expect(unknown).toMatchObject({ success: false, data: null, voiceCommand: null });
      expect(unknown.userErrors[0]?.message).toMatch(/get_leads .*create_lead .*get_metrics /);
      const denied = await say('search_contacts', { query: 'ada' }, agent);
      expect(denied.userErrors).toMatchObject([{ field: 'command', code: 'FORBIDDEN' }]);
      expect(denied.speech).toContain('read:contacts');
      const parameters = { status: 'WARM', limit: 1000, drop: true };
      const strange = await say('get_leads', parameters);
      expect(strange.userErrors.map(({ field }) => field)).toEqual([
        ...['parameters.status', 'parameters.limit', 'parameters'],
      ]);
      expect((await say(' ')).userErrors).toMatchObject([{ field: 'command' }]);
      expect((await say('x'.repeat(501))).userErrors).toMatchObject([{ field: 'command' }]);
    });
    expect(changes).toEqual([]);
    const outsider = { permissions: ['read:leads'] };
    const { errors } = await app.execute(operation, { input: { command: 'get_leads' } }, outsider);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', permission: 'execute:voice' });
  });

  test('keeps what was asked for as a list of the tenant, and tells it to those who follow', async () => {
    const feed = await app.subscribe<{ voiceCommandExecuted: { commands: object[] } }>(
      'subscription { voiceCommandExecuted { ... on VoiceCommandChange { commands { id command speech } } } }',
      {},
      agent,
    );
    await feed.next();
    const { voiceCommand } = await say('get_leads', { status: 'LOST' }, { ...agent, userId: 'usr_1' });
    const told = { id: voiceCommand?.id, command: 'get_leads', speech: 'There are no lost leads.' };
    let heard: readonly object[] = [];
    while (heard.length === 0) heard = (await feed.next()).voiceCommandExecuted.commands;
    expect(heard).toEqual([told]);
    await feed.return();
    const list = `{ voiceCommands(first: 1, filter: { userId: "usr_1", success: true }) {
      totalCount nodes { id command speech sourceApp userId } } }`;
    const { data } = await app.execute(list);
    const node = { ...told, sourceApp: 'voice-agent', userId: 'usr_1' };
    expect(data).toEqual({ voiceCommands: { totalCount: 1, nodes: [node] } });
    const elsewhere = await app.execute<{ voiceCommands: object }>(list, {}, { tenant: 'globex' });
    expect(elsewhere.data.voiceCommands).toEqual({ totalCount: 0, nodes: [] });
  });
});

describe('an interpreter that is attached', () => {
  test('is asked instead of the rules, is not trusted, and replaced by them where it fails', async () => {
    const meanings: Readonly<Record<string, Intent>> = {
      'dans mig en lead': { command: 'get_leads', parameters: { limit: 1 }, confidence: 0.8 },
      måske: { command: 'get_leads', parameters: {}, confidence: 0.4 },
      'slet alt': { command: 'delete_everything', parameters: {}, confidence: 1 },
      alt: { command: 'get_leads', parameters: { limit: 1e9 }, confidence: 1 },
    };
    const model: VoiceInterpreter = {
      interpret: async ({ text }) => {
        if (text.startsWith('show')) throw new Error('The model does not answer.');
        return meanings[text];
      },
      speak: async ({ summary }) => `På dansk: ${summary}`,
    };
    const modelled = await startTestApp(
      defineApp({
        name: 'coordination',
        directory: new URL('../../../subgraphs/coordination/', import.meta.url),
        resolvers: voiceResolversWith(model),
        createClient: (adapter) => new PrismaClient({ adapter }),
        createLoaders: createCoordinationLoaders,
      }),
      database,
      [source],
    );
    const ask = async (command: string) =>
      (await modelled.execute<{ executeVoiceCommand: Answer }>(operation, { input: { command } })).data
        .executeVoiceCommand;
    expect(await ask('dans mig en lead')).toMatchObject({
      success: true,
      speech: expect.stringMatching(/^På dansk: /),
    });
    for (const command of ['måske', 'slet alt', 'hvad?']) {
      expect((await ask(command)).userErrors).toMatchObject([{ field: 'command' }]);
    }
    expect((await ask('alt')).userErrors).toMatchObject([{ field: 'parameters.limit' }]);
    expect(await ask('show all leads')).toMatchObject({ success: true });
    await modelled.stop();
  });

  test('does not hide that an app is not there: the error names it, and the command has failed', async () => {
    const alone = await startTestApp(coordination, database);
    const { errors } = await alone.execute(operation, { input: { command: 'get_leads' } }, { userId: 'usr_alone' });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE', app: 'crm' });
    const list = '{ voiceCommands(filter: { userId: "usr_alone" }) { nodes { success } } }';
    expect((await alone.execute(list)).data).toEqual({ voiceCommands: { nodes: [{ success: false }] } });
    await alone.stop();
  });
});

describe('the rules that understand what is said', () => {
  const now = new Date('2026-11-21T19:30:00Z'); // a Saturday; 20:30 in Copenhagen
  const meant = (text: string, utterance: Partial<Utterance> = {}) =>
    ruleInterpreter.interpret({ text, locale: 'en', timeZone: 'Europe/Copenhagen', now, ...utterance });

  test.each([
    ['tomorrow at 10', '2026-11-22T09:00:00.000Z'],
    ['on Monday in the afternoon', '2026-11-23T13:00:00.000Z'],
    ['next Saturday at noon', '2026-11-28T11:00:00.000Z'],
    ['at 9', '2026-11-22T08:00:00.000Z'],
    ['today at 9 pm', '2026-11-21T20:00:00.000Z'],
    ['at 12:15 am on 2027-07-01', '2027-06-30T22:15:00.000Z'],
    ['in two weeks at 4', '2026-12-05T15:00:00.000Z'],
    ['in 30 minutes', '2026-11-21T20:00:00.000Z'],
    ['at 25', undefined],
    ['some day', undefined],
  ])('know when "%s" is', async (when, at) => {
    expect((await meant(`schedule a meeting with Ada Byron ${when}`))?.parameters.at).toBe(at);
  });

  test('find the parameters in a sentence, and leave alone what is not English', async () => {
    expect((await meant('show me the last twenty converted leads'))?.parameters).toEqual({
      limit: 20,
      status: 'converted',
    });
    const lead = 'create a lead for Ada King Byron, phone +45 12 34 56 78, ada@example.com from Engines Ltd';
    expect((await meant(lead))?.parameters).toEqual({
      firstName: 'Ada King',
      lastName: 'Byron',
      email: 'ada@example.com',
      phone: '+45 12 34 56 78',
      company: 'Engines Ltd',
    });
    expect(await meant('show me five new leads', { locale: 'da' })).toBeUndefined();
  });

  test('speak in their sentences', async () => {
    const result: SpokenResult = { command: 'x', locale: 'en', summary: 'One.', details: undefined, data: {} };
    expect(await ruleInterpreter.speak(result)).toBe('One.');
    expect(await ruleInterpreter.speak({ ...result, details: 'Two.' })).toBe('One. Two.');
  });
});
