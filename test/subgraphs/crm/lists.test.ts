import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { createIn, createLeadIn, sendTo } from './arrange.ts';

let app: TestApp;

const people = [
  ['Ada', 'Byron'],
  ['Grace', 'Hopper'],
  ['Søren', 'Ærøe'],
  ['Alan', 'Turing'],
  ['100%', 'Under_score'],
] as const;

beforeAll(async () => {
  app = await startTestApp(crm);
  await createIn(app, 'Company', { id: 'com', name: 'Pine Energy', domain: 'pine.example' });
  await createIn(app, 'Company', { id: 'com-2', name: 'Elm & Oak' });
  for (const [index, [firstName, lastName]] of people.entries()) {
    const id = `lead-${index}`;
    const source = index % 2 === 0 ? 'website' : 'voice';
    await createLeadIn(app, { id, firstName, lastName, email: `person${index}@example.com`, source });
    const closing = index === 4 ? {} : { expectedCloseOn: `2027-01-0${9 - index}` };
    const deal = {
      id: `deal-${index}`,
      title: `Deal ${index}`,
      amount: index * 100,
      currency: index < 3 ? 'DKK' : 'EUR',
    };
    await createIn(app, 'Deal', { ...deal, ...closing, companyId: 'com' });
  }
  await sendTo(app, 'updateLead', { id: 'lead-0', status: 'QUALIFIED', assigneeId: 'cus_1' }, 'lead { id }');
  await sendTo(app, 'updateLead', { id: 'lead-1', status: 'LOST' }, 'lead { id }');
  await sendTo(app, 'updateDeal', { id: 'deal-0', stage: 'WON' }, 'deal { id }');
  await sendTo(app, 'updateDeal', { id: 'deal-1', stage: 'NEGOTIATION' }, 'deal { id }');
});
afterAll(() => app.stop());

interface List {
  readonly nodes: readonly { readonly id: string }[];
  readonly totalCount: number;
  readonly pageInfo: {
    readonly hasNextPage: boolean;
    readonly hasPreviousPage: boolean;
    endCursor: string;
    startCursor: string;
  };
}

async function list(field: string, args = ''): Promise<List> {
  const selection = 'nodes { id } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
  const { data, errors } = await app.execute<Record<string, List>>(
    `{ ${field}${args && `(${args})`} { ${selection} } }`,
  );
  expect(errors).toBeUndefined();
  return data[field] as List;
}
const ids = async (field: string, args = '') => (await list(field, args)).nodes.map(({ id }) => id);
const numbers = async (field: string, args = '') => (await ids(field, args)).map((id) => Number(id.split('-')[1]));

describe('searching', () => {
  test('finds words in any order, wherever they stand and however they are capitalised', async () => {
    expect(await numbers('leads', 'search: "BYRON ada"')).toEqual([0]);
    expect(await numbers('leads', 'search: "æRØE"')).toEqual([2]);
    expect(await numbers('leads', 'search: "person3@"')).toEqual([3]);
    expect(await numbers('leads', 'search: "ada hopper"')).toEqual([]);
    expect(await numbers('deals', 'search: "deal 4"')).toEqual([4]);
    expect(await ids('companies', 'search: "pine.ex"')).toEqual(['com']);
    expect((await list('contacts', 'search: "grace"')).totalCount).toBe(1);
    expect((await list('activities', 'search: "voice lead_created"')).totalCount).toBe(2);
  });

  test('takes the wildcards of the database for what they are', async () => {
    expect(await numbers('leads', 'search: "%"')).toEqual([4]);
    expect(await numbers('leads', 'search: "r_s"')).toEqual([4]);
    expect(await numbers('leads', 'search: "\\\\"')).toEqual([]);
  });
});

describe('filtering', () => {
  test('leads by status, source, assignee, contact, e-mail address and time', async () => {
    const order = 'orderBy: { field: CREATED_AT, direction: ASC }';
    expect(await numbers('leads', `filter: { status: [QUALIFIED, LOST] }, ${order}`)).toEqual([0, 1]);
    expect(await numbers('leads', 'filter: { status: [] }')).toEqual([]);
    expect(await numbers('leads', `filter: { source: "voice" }, ${order}`)).toEqual([1, 3]);
    expect(await numbers('leads', 'filter: { assigneeId: "cus_1", status: null }')).toEqual([0]);
    expect(await numbers('leads', 'filter: { email: " PERSON2@example.com" }')).toEqual([2]);
    expect(await numbers('leads', 'filter: { createdFrom: "2999-01-01T00:00:00Z" }')).toEqual([]);
    expect(await numbers('leads', 'filter: { createdTo: "2000-01-01T00:00:00Z" }')).toEqual([]);
    const { data } = await app.execute<{ lead: { contact: { id: string } } }>(
      '{ lead(id: "lead-3") { contact { id } } }',
    );
    expect(await numbers('leads', `filter: { contactId: "${data.lead.contact.id}" }`)).toEqual([3]);
    expect(await ids('contacts', 'filter: { email: "Person3@Example.com" }')).toEqual([data.lead.contact.id]);
    expect((await list('contacts', 'filter: { source: "lead" }')).totalCount).toBe(5);
  });

  test('deals by stage, company, currency and amount', async () => {
    const order = 'orderBy: { field: CREATED_AT, direction: ASC }';
    expect(await numbers('deals', `filter: { stage: [WON, NEGOTIATION] }, ${order}`)).toEqual([0, 1]);
    expect(await numbers('deals', `filter: { amountMin: 100, amountMax: 300 }, ${order}`)).toEqual([1, 2, 3]);
    expect(await numbers('deals', `filter: { currency: "EUR" }, ${order}`)).toEqual([3, 4]);
    expect((await list('deals', 'filter: { companyId: "com" }')).totalCount).toBe(5);
    expect((await list('deals', 'filter: { contactId: "nobody" }')).totalCount).toBe(0);
  });

  test('activities by type, what they are about, and whether they are done or due', async () => {
    const task = { id: 'task-1', type: 'TASK', entityType: 'DEAL', entityId: 'deal-2', dueAt: '2027-01-01T00:00:00Z' };
    await sendTo(app, 'logActivity', task, 'activity { id }');
    expect((await list('activities', 'filter: { type: ["LEAD_CREATED"] }')).totalCount).toBe(5);
    expect((await list('activities', 'filter: { entityType: LEAD, entityId: "lead-1" }')).totalCount).toBe(1);
    expect(await ids('activities', 'filter: { entityId: "deal-2" }')).toEqual(['task-1']);
    expect(await ids('activities', 'filter: { isCompleted: false }')).toEqual(['task-1']);
    expect((await list('activities', 'filter: { isCompleted: true }')).totalCount).toBe(5);
    expect(await ids('activities', 'filter: { dueTo: "2027-01-02T00:00:00Z" }')).toEqual(['task-1']);
    expect(await ids('activities', 'filter: { dueFrom: "2027-01-02T00:00:00Z" }')).toEqual([]);
    expect((await ids('activities', 'orderBy: { field: DUE_AT, direction: DESC }'))[0]).toBe('task-1');
  });

  test('companies by domain', async () => {
    expect(await ids('companies', 'filter: { domain: "PINE.example" }')).toEqual(['com']);
    expect(await ids('companies')).toEqual(['com-2', 'com']);
  });
});

describe('sorting', () => {
  test('leads newest first, or by name or by status', async () => {
    expect(await numbers('leads')).toEqual([4, 3, 2, 1, 0]);
    expect(await numbers('leads', 'orderBy: { field: NAME }')).toEqual([0, 1, 3, 4, 2]);
    expect(await numbers('leads', 'orderBy: { field: STATUS, direction: DESC }, first: 2')).toEqual([1, 0]);
    expect((await numbers('leads', 'orderBy: { field: UPDATED_AT, direction: DESC }'))[0]).toBe(1);
  });

  test('deals by amount, by stage and by the expected day, those without one last', async () => {
    expect(await numbers('deals', 'orderBy: { field: AMOUNT, direction: DESC }')).toEqual([4, 3, 2, 1, 0]);
    expect((await numbers('deals', 'orderBy: { field: STAGE, direction: DESC }')).slice(0, 2)).toEqual([0, 1]);
    expect(await numbers('deals', 'orderBy: { field: EXPECTED_CLOSE_ON, direction: ASC }')).toEqual([3, 2, 1, 0, 4]);
    expect(await numbers('deals', 'orderBy: { field: EXPECTED_CLOSE_ON, direction: DESC }')).toEqual([0, 1, 2, 3, 4]);
  });
});

const orders = [
  ['leads', 'CREATED_AT'],
  ['leads', 'NAME'],
  ['leads', 'STATUS'],
  ['deals', 'AMOUNT'],
  ['deals', 'EXPECTED_CLOSE_ON'],
] as const;

describe('paging', () => {
  test.each(orders)('of %s by %s reads every record once, forward and backward', async (field, by) => {
    for (const direction of ['ASC', 'DESC']) {
      const orderBy = `orderBy: { field: ${by}, direction: ${direction} }`;
      const all = await ids(field, orderBy);
      const forward: string[] = [];
      for (let after = ''; ; ) {
        const page = await list(field, `first: 2, ${after} ${orderBy}`);
        forward.push(...page.nodes.map(({ id }) => id));
        if (!page.pageInfo.hasNextPage) break;
        after = `after: "${page.pageInfo.endCursor}",`;
      }
      expect(forward).toEqual(all);
      const backward: string[] = [];
      for (let before = ''; ; ) {
        const page = await list(field, `last: 2, ${before} ${orderBy}`);
        backward.unshift(...page.nodes.map(({ id }) => id));
        if (!page.pageInfo.hasPreviousPage) break;
        before = `before: "${page.pageInfo.startCursor}",`;
      }
      expect(backward).toEqual(all);
    }
  });

  test('a record that is added meanwhile shifts no page', async () => {
    const first = await list('contacts', 'first: 2, orderBy: { field: CREATED_AT, direction: DESC }');
    const rest = `first: 9, after: "${first.pageInfo.endCursor}", orderBy: { field: CREATED_AT, direction: DESC }`;
    const before = await ids('contacts', rest);
    await createIn(app, 'Contact', { firstName: 'Late', lastName: 'Comer' });
    expect(await ids('contacts', rest)).toEqual(before);
  });

  test('a cursor of another list, ordering or tenant is CURSOR_INVALID, and too large a page is refused', async () => {
    const { pageInfo } = await list('leads', 'first: 1');
    const codeOf = async (query: string, tenant = 'acme') =>
      (await app.execute(query, {}, { tenant })).errors?.[0]?.extensions?.code;
    const after = `after: "${pageInfo.endCursor}"`;
    expect(await codeOf(`{ deals(${after}) { totalCount } }`)).toBe('CURSOR_INVALID');
    expect(await codeOf(`{ leads(${after}, orderBy: { field: NAME }) { totalCount } }`)).toBe('CURSOR_INVALID');
    expect(await codeOf(`{ leads(${after}) { totalCount } }`, 'globex')).toBe('CURSOR_INVALID');
    expect(await codeOf('{ leads(after: "x") { totalCount } }')).toBe('CURSOR_INVALID');
    expect(await codeOf('{ leads(first: 101) { totalCount } }')).toBe('OPERATION_LIMIT_EXCEEDED');
    expect(await codeOf('{ leads(first: -1) { totalCount } }')).toBe('BAD_USER_INPUT');
    expect(await codeOf('{ lead(id: "lead-0") { activities(first: 101) { id } } }')).toBe('OPERATION_LIMIT_EXCEEDED');
    expect(await codeOf('{ lead(id: "lead-0") { activities(first: -1) { id } } }')).toBe('BAD_USER_INPUT');
  });
});
