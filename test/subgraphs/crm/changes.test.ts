import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { inShort, publishedBy } from '../../support/published-changes.ts';
import { createIn, createLeadIn, sendTo } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
});
afterAll(() => app.stop());

/** A record as the graph has it, with the ids of what it refers to, as changes tell it. */
async function ask(type: string, id: string, fields: string, references: readonly string[]) {
  const referring = references.map((name) => `${name} { id }`).join(' ');
  const { data, errors } = await app.execute<{ record: Record<string, unknown> }>(
    `query ($id: ID!) { record: ${type}(id: $id) { ${fields} ${referring} } }`,
    { id },
  );
  if (errors) throw new Error(JSON.stringify(errors));
  const record = Object.entries(data.record).map(([name, value]) =>
    references.includes(name) ? [`${name}Id`, (value as { id: string } | null)?.id ?? null] : [name, value],
  );
  return Object.fromEntries(record) as Record<string, unknown>;
}

describe('the changes of the CRM', () => {
  test('tell records as the graph has them, so that whoever applies them has the same', async () => {
    const changes = await publishedBy(app, async () => {
      const lead = await createLeadIn(app, { email: 'graph@example.com', phone: '+45 1234', assigneeId: 'usr_1' });
      const companyId = await createIn(app, 'Company', { name: 'Engines', domain: 'engines.example' });
      const contact = { firstName: 'Ada', lastName: 'King', email: 'king@example.com', companyId };
      const contactId = await createIn(app, 'Contact', contact);
      const deal = { title: 'An engine', amount: 5, currency: 'EUR', contactId, companyId, stage: 'WON' };
      await createIn(app, 'Deal', { ...deal, expectedCloseOn: '2026-11-30' });
      const call = { type: 'CALL', entityType: 'LEAD', entityId: lead.id, dueAt: '2026-11-30T10:00:00Z' };
      await sendTo(app, 'logActivity', call, 'activity { id }');
    });
    const common = 'createdAt updatedAt version';
    const shapes = {
      Lead: [`id firstName lastName email phone company source status note ${common}`, ['contact', 'assignee']],
      Contact: [`id firstName lastName email phone source customerId ${common}`, ['company']],
      Deal: [`id title stage amount currency expectedCloseOn closedAt ${common}`, ['contact', 'company', 'lead']],
      Company: [`id name domain ${common}`, []],
      Activity: [`id type subject description entityType entityId dueAt completedAt ${common}`, ['contact']],
    } as const;
    expect(new Set(changes.map(({ entity }) => entity))).toEqual(new Set(Object.keys(shapes)));
    const newest = new Map(changes.map((change) => [change.entityId, change]));
    for (const { entity, entityId, data } of newest.values()) {
      const [fields, references] = shapes[entity as keyof typeof shapes];
      const { personKeys, subjectAssigneeId, ...told } = data;
      expect(told).toEqual(await ask(entity.toLowerCase(), entityId, fields, references));
    }
  });

  test('count the versions of a record one by one, under a name for what happened', async () => {
    const changes = await publishedBy(app, async () => {
      const { id } = await createLeadIn(app, { email: 'versions@example.com' });
      for (const change of [{ status: 'CONTACTED' }, { assigneeId: 'usr_1' }, { note: 'Called' }]) {
        await sendTo(app, 'updateLead', { id, ...change }, 'lead { id }');
      }
      await sendTo(app, 'convertLead', { id }, 'lead { id }');
    });
    expect(inShort(changes.filter(({ entity }) => entity === 'Lead'))).toEqual([
      'LEAD_CREATED v1',
      'LEAD_STATUS_CHANGED v2',
      'LEAD_ASSIGNED v3',
      'LEAD_UPDATED v4',
      'LEAD_CONVERTED v5',
    ]);
  });

  test('of a deal that is won or lost from the start tell that too', async () => {
    const changes = await publishedBy(app, async () => {
      await createIn(app, 'Deal', { title: 'Sold at the counter', amount: 5, currency: 'EUR', stage: 'WON' });
      const { id } = await createLeadIn(app, { email: 'lost@example.com' });
      await sendTo(app, 'convertLead', { id, deal: { stage: 'LOST' } }, 'lead { id }');
    });
    const deals = changes.filter(({ entity }) => entity === 'Deal');
    expect(inShort(deals)).toEqual(['DEAL_CREATED v1', 'DEAL_WON v2', 'DEAL_CREATED v1', 'DEAL_LOST v2']);
  });

  test('of a lead that is handed over name who had it before, with the new status too', async () => {
    const { id } = await createLeadIn(app, { email: 'over@example.com', assigneeId: 'usr_1' });
    const changes = await publishedBy(app, async () => {
      await sendTo(app, 'updateLead', { id, assigneeId: 'usr_2' }, 'lead { id }');
      await sendTo(app, 'updateLead', { id, assigneeId: null, status: 'LOST' }, 'lead { id }');
      await sendTo(app, 'updateLead', { id, note: 'Nobody has it' }, 'lead { id }');
    });
    const told = changes.map(({ type, data }) => [type, data.assigneeId, data.previousAssigneeId]);
    expect(told).toEqual([
      ['LEAD_ASSIGNED', 'usr_2', 'usr_1'],
      ['LEAD_STATUS_CHANGED', null, 'usr_2'],
      ['LEAD_UPDATED', null, undefined],
    ]);
  });

  test('of a lead whose contact is known say nothing of the contact', async () => {
    await createLeadIn(app, { email: 'twice@example.com' });
    const changes = await publishedBy(app, () => createLeadIn(app, { email: 'Twice@example.com' }));
    expect(inShort(changes)).toEqual(['LEAD_CREATED v1', 'ACTIVITY_CREATED v1']);
  });

  test('are none where nothing was written: refused, or done before', async () => {
    const entityId = await createIn(app, 'Contact', { firstName: 'Ada', lastName: 'Lovelace' });
    const id = 'act_once';
    await sendTo(app, 'logActivity', { id, type: 'CALL', entityType: 'CONTACT', entityId }, 'activity { id }');
    const complete = () => sendTo(app, 'completeActivity', { id }, 'activity { version }');
    expect(inShort(await publishedBy(app, complete))).toEqual(['ACTIVITY_COMPLETED v2']);
    const nothing = await publishedBy(app, async () => {
      expect(await complete()).toMatchObject({ activity: { version: 2 }, userErrors: [] });
      const taken = await sendTo(
        app,
        'createContact',
        { id: entityId, firstName: 'A', lastName: 'B' },
        'contact { id }',
      );
      expect(taken.userErrors).toHaveLength(1);
      const stale = await sendTo(
        app,
        'updateContact',
        { id: entityId, baseVersion: 9, firstName: 'C' },
        'contact { id }',
      );
      expect(stale.userErrors).toHaveLength(1);
    });
    expect(nothing).toEqual([]);
  });

  test('of a merge tell every record that moved', async () => {
    const lead = await createLeadIn(app, { email: 'from@example.com', assigneeId: 'usr_7' });
    const sourceId = lead.contact.id;
    const targetId = await createIn(app, 'Contact', { firstName: 'Ada', lastName: 'B', email: 'to@example.com' });
    await createIn(app, 'Deal', { title: 'An engine', amount: 5, currency: 'EUR', contactId: sourceId });
    await sendTo(app, 'logActivity', { type: 'CALL', entityType: 'CONTACT', entityId: sourceId }, 'activity { id }');
    const changes = await publishedBy(app, () =>
      sendTo(app, 'mergeContacts', { sourceId, targetId }, 'contact { id }'),
    );
    expect(inShort(changes).sort()).toEqual([
      'ACTIVITY_CREATED v1',
      'ACTIVITY_UPDATED v2',
      'ACTIVITY_UPDATED v2',
      'CONTACT_DELETED v2',
      'CONTACT_MERGED v2',
      'DEAL_UPDATED v2',
      'LEAD_UPDATED v2',
    ]);
    const dataOf = (type: string) => changes.filter((change) => change.type === type).map(({ data }) => data);
    const ofTarget = { contactId: targetId };
    for (const type of ['LEAD_UPDATED', 'DEAL_UPDATED', 'ACTIVITY_UPDATED']) {
      expect(dataOf(type)).toEqual(dataOf(type).map(() => expect.objectContaining(ofTarget)));
    }
    const moved = dataOf('ACTIVITY_UPDATED');
    expect(moved.find(({ entityType }) => entityType === 'CONTACT')).toMatchObject({ entityId: targetId });
    expect(moved.find(({ entityType }) => entityType === 'LEAD')).toMatchObject({ subjectAssigneeId: 'usr_7' });
    expect(dataOf('CONTACT_DELETED')).toMatchObject([{ id: sourceId, mergedIntoId: targetId }]);
  });

  test('name the people they are about by keys that tell no address', async () => {
    const changes = await publishedBy(app, async () => {
      const contactId = await createIn(app, 'Contact', { firstName: 'A', lastName: 'B', email: 'person@example.com' });
      await createIn(app, 'Deal', { title: 'An engine', amount: 5, currency: 'EUR', contactId });
      await createLeadIn(app, { email: 'PERSON@example.com' });
      await createLeadIn(app, { email: 'person@example.com' }, { tenant: 'globex' });
      await sendTo(app, 'updateContact', { id: contactId, email: 'other@example.com' }, 'contact { id }');
    });
    const keysOf = (type: string, tenant: string) =>
      changes.find((change) => change.type === type && change.tenant === tenant)?.data.personKeys as string[];
    const [key = ''] = keysOf('CONTACT_CREATED', 'acme');
    expect(key).toMatch(/^[\w-]{16}$/);
    expect(keysOf('DEAL_CREATED', 'acme')).toEqual([key]);
    expect(keysOf('LEAD_CREATED', 'acme')).toEqual([key]);
    expect(keysOf('LEAD_CREATED', 'globex')).not.toContain(key);
    expect(keysOf('CONTACT_UPDATED', 'acme')).toEqual([key, expect.any(String)]);
  });
});

interface LeadNews {
  readonly leadChanged: {
    readonly __typename: string;
    readonly from: string;
    readonly to: string;
    readonly changes: readonly { readonly type: string; readonly cursor: string }[];
    readonly leads: readonly { readonly id: string; readonly note: string | null }[];
  };
}

const leadFeed = `subscription ($id: ID, $after: Cursor) { leadChanged(id: $id, after: $after) {
  __typename ... on LeadChange { from to upToDate compacted changes { type cursor } leads { id note } }
} }`;

describe('the feeds of the CRM', () => {
  const note = (id: string, text: string) => sendTo(app, 'updateLead', { id, note: text }, 'lead { id }');

  test('begin now, at once, and go on after a cursor without a gap', async () => {
    const { id } = await createLeadIn(app, { email: 'feed@example.com' });
    const { id: another } = await createLeadIn(app, { email: 'feed@example.com' });
    const first = await app.subscribe<LeadNews>(leadFeed, { id });
    const { leadChanged: beginning } = await first.next();
    expect(beginning).toMatchObject({ __typename: 'LeadChange', changes: [], leads: [], upToDate: true });
    await note(another, 'of no interest');
    await note(id, 'one');
    const { leadChanged: one } = await first.next();
    expect(one).toMatchObject({ changes: [{ type: 'LEAD_UPDATED' }], leads: [{ id, note: 'one' }] });
    expect(one.from).toBe(beginning.to);
    await first.return();

    await note(id, 'two');
    await note(id, 'three');
    const second = await app.subscribe<LeadNews>(leadFeed, { id, after: one.to });
    const missed: LeadNews['leadChanged'][] = [];
    const changes = () => missed.flatMap((event) => event.changes);
    while (changes().length < 2) missed.push((await second.next()).leadChanged);
    expect(missed[0]?.from).toBe(one.to);
    expect(missed.at(-1)?.leads).toEqual([{ id, note: 'three' }]);
    await second.return();

    // Every change has a place of its own to go on from.
    const third = await app.subscribe<LeadNews>(leadFeed, { id, after: changes()[0]?.cursor });
    expect((await third.next()).leadChanged.changes).toEqual(changes().slice(1));
    await third.return();
  });

  test('tell those who may see their own leads of no others', async () => {
    const sender = { userId: 'usr_mine', permissions: ['read:assigned-leads'] };
    const feed = await app.subscribe<LeadNews>(leadFeed, {}, sender);
    await feed.next();
    await createLeadIn(app, { email: 'others@example.com', assigneeId: 'usr_other' });
    const { id } = await createLeadIn(app, { email: 'mine@example.com', assigneeId: 'usr_mine' });
    const { leadChanged } = await feed.next();
    expect(leadChanged).toMatchObject({ changes: [{ type: 'LEAD_CREATED' }], leads: [{ id }] });
    await feed.return();
  });

  test('are refused to those who may read no leads, and after a cursor of another tenant', async () => {
    const refused = app.subscribe(leadFeed, {}, { permissions: ['read:contacts'] });
    await expect(refused).rejects.toThrow('FORBIDDEN');
    const abroad = await app.subscribe<LeadNews>(leadFeed, {}, { tenant: 'globex' });
    const { to } = (await abroad.next()).leadChanged;
    await abroad.return();
    const stray = async () => (await app.subscribe(leadFeed, { after: to })).next();
    await expect(stray()).rejects.toThrow('CURSOR_INVALID');
  });

  test('follow deals', async () => {
    const text = `subscription { dealChanged { ... on DealChange { changes { type } deals { id stage } } } }`;
    const feed = await app.subscribe(text);
    await feed.next();
    const id = await createIn(app, 'Deal', { title: 'An engine', amount: 5, currency: 'EUR' });
    expect(await feed.next()).toEqual({
      dealChanged: { changes: [{ type: 'DEAL_CREATED' }], deals: [{ id, stage: 'OPEN' }] },
    });
    await feed.return();
  });
});
