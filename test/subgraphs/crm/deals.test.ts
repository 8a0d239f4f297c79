import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createIn, createLeadIn, sendTo } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
});
afterAll(() => app.stop());

const send = (mutation: string, input: object, selection: string) => sendTo(app, mutation, input, selection);
const someDeal = { title: 'Pilot', amount: 100, currency: 'EUR' };

describe('a deal', () => {
  test('is created with its contact and company, and an amount of money beyond 32 bits', async () => {
    const companyId = await createIn(app, 'Company', { name: 'North Rail' });
    const contactId = await createIn(app, 'Contact', { firstName: 'Alan', lastName: 'Turing' });
    const fields = {
      title: 'Signal boxes',
      amount: 9_007_199_254_740_991,
      currency: 'DKK',
      expectedCloseOn: '2027-02-28',
    };
    const selection =
      'deal { title amount currency expectedCloseOn stage closedAt contact { id } company { id } lead { id } }';
    expect(await send('createDeal', { ...fields, contactId, companyId }, selection)).toEqual({
      deal: {
        ...fields,
        stage: 'OPEN',
        closedAt: null,
        contact: { id: contactId },
        company: { id: companyId },
        lead: null,
      },
      userErrors: [],
    });
  });

  test('names only contacts and companies that exist', async () => {
    const mistakes = async (fields: object) =>
      (await send('createDeal', { ...someDeal, ...fields }, 'deal { id }')).userErrors;
    expect(await mistakes({ contactId: 'nobody' })).toEqual([{ field: 'contactId', code: 'NOT_FOUND' }]);
    expect(await mistakes({ companyId: 'nobody' })).toEqual([{ field: 'companyId', code: 'NOT_FOUND' }]);
  });

  test('closes when it is WON or LOST and opens again with another stage', async () => {
    const id = await createIn(app, 'Deal', someDeal);
    const move = async (change: object) => {
      const { deal } = await sendTo<{ deal: { stage: string; closedAt: string | null } }>(
        app,
        'updateDeal',
        { id, ...change },
        'deal { stage closedAt }',
      );
      return deal;
    };
    expect(await move({ stage: 'NEGOTIATION' })).toEqual({ stage: 'NEGOTIATION', closedAt: null });
    const won = await move({ stage: 'WON' });
    expect(won).toEqual({ stage: 'WON', closedAt: expect.any(String) });
    expect(await move({ stage: 'WON', amount: 200 })).toEqual(won);
    expect(await move({ stage: 'OPEN' })).toEqual({ stage: 'OPEN', closedAt: null });
    expect(await send('createDeal', { ...someDeal, stage: 'LOST' }, 'deal { closedAt }')).toMatchObject({
      deal: { closedAt: expect.any(String) },
    });
  });

  test('is changed on its present version only, when one is given', async () => {
    const id = await createIn(app, 'Deal', someDeal);
    expect(await send('updateDeal', { id, baseVersion: 1, amount: 300 }, 'deal { amount version }')).toMatchObject({
      deal: { amount: 300, version: 2 },
    });
    expect(await send('updateDeal', { id, baseVersion: 1, amount: 400 }, 'deal { id }')).toEqual({
      deal: null,
      userErrors: [{ field: 'baseVersion', code: 'CONFLICT' }],
    });
    expect(await send('updateDeal', { id: 'no-such-deal', amount: 1 }, 'deal { id }')).toMatchObject({
      userErrors: [{ field: 'id', code: 'NOT_FOUND' }],
    });
  });
});

describe('an activity', () => {
  const selection =
    'activity { id type subject entityType entityId completedAt dueAt version entity { __typename ... on Lead { id } ... on Deal { id } ... on Contact { id } } contact { id } }';

  test.each(['LEAD', 'CONTACT', 'DEAL'])('is logged about a %s and concerns its contact', async (entityType) => {
    const lead = await createLeadIn(app, { email: 'activities@example.com' });
    const contactId = lead.contact.id;
    const dealId = await createIn(app, 'Deal', { ...someDeal, contactId });
    const entityId = { LEAD: lead.id, CONTACT: contactId, DEAL: dealId }[entityType];
    const dueAt = '2026-12-01T09:00:00.000Z';
    const logged = await send(
      'logActivity',
      { type: 'CALL', subject: 'Prices', entityType, entityId, dueAt },
      selection,
    );
    const typename = { LEAD: 'Lead', CONTACT: 'Contact', DEAL: 'Deal' }[entityType];
    expect(logged).toMatchObject({
      activity: {
        type: 'CALL',
        subject: 'Prices',
        entityType,
        entityId,
        dueAt,
        completedAt: null,
        entity: { __typename: typename, id: entityId },
        contact: { id: contactId },
      },
      userErrors: [],
    });
  });

  test('is about a record of the kind that it names', async () => {
    const dealId = await createIn(app, 'Deal', someDeal);
    const input = { type: 'CALL', entityType: 'LEAD', entityId: dealId };
    expect(await send('logActivity', input, 'activity { id }')).toEqual({
      activity: null,
      userErrors: [{ field: 'entityId', code: 'NOT_FOUND' }],
    });
  });

  test('is completed once, at the time given or now', async () => {
    const entityId = await createIn(app, 'Deal', someDeal);
    const task = { id: 'task-1', type: 'TASK', entityType: 'DEAL', entityId };
    await send('logActivity', task, 'activity { id }');
    const completedAt = '2026-11-01T08:00:00.000Z';
    const first = await send('completeActivity', { id: 'task-1', completedAt }, selection);
    expect(first).toMatchObject({ activity: { completedAt, version: 2 } });
    expect(await send('completeActivity', { id: 'task-1' }, selection)).toEqual(first);
    expect(await send('completeActivity', { id: 'task-2' }, selection)).toMatchObject({
      activity: null,
      userErrors: [{ field: 'id', code: 'NOT_FOUND' }],
    });
  });
});
