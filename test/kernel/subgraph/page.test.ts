import { describe, expect, test } from '@jest/globals';
import { containing } from '../../../kernel/data/containing.ts';
import { type Ordering, type PageArguments, planPage, readListSize } from '../../../kernel/data/page.ts';
import { createCursors } from '../../../kernel/tenancy/cursor.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';

const cursors = createCursors('secret', parseTenantId('acme'));
const byAmount: Ordering = { list: 'crm.deals', column: 'amount', direction: 'ASC', type: 'number' };
const plan = (args: PageArguments, ordering = byAmount) => planPage(cursors, args, ordering);
const rows = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ id: `d${index}`, amount: BigInt(index) }));
const noTotal = () => Promise.reject(new Error('nobody asked for the total'));

function errorOf(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('a page', () => {
  test('asks for one row more than it shows, 20 unless told otherwise', () => {
    expect(plan({}).query).toEqual({ where: {}, orderBy: [{ amount: 'asc' }, { id: 'asc' }], take: 21 });
    expect(plan({ first: 100 }).query.take).toBe(101);
    expect(plan({ last: 5 }).query).toMatchObject({ orderBy: [{ amount: 'desc' }, { id: 'desc' }], take: 6 });
  });

  test('shows the rows in the order of the list, whichever way it was read', () => {
    const forward = plan({ first: 2 }).toConnection(rows(3), noTotal);
    expect(forward.nodes.map(({ id }) => id)).toEqual(['d0', 'd1']);
    expect(forward.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const backward = plan({ last: 2 }).toConnection(rows(3).reverse(), noTotal);
    expect(backward.nodes.map(({ id }) => id)).toEqual(['d1', 'd2']);
    expect(backward.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  });

  test('without rows has no cursors', () => {
    const { nodes, pageInfo } = plan({}).toConnection([], noTotal);
    const nothing = { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null };
    expect([nodes, { ...pageInfo }]).toEqual([[], nothing]);
  });

  test('gives each edge the cursor by which the next page goes on after it', () => {
    const { edges, pageInfo } = plan({ first: 2 }).toConnection(rows(2), noTotal);
    expect(edges.map(({ cursor }) => cursor)).toEqual([pageInfo.startCursor, pageInfo.endCursor]);
    const { where } = plan({ first: 2, after: pageInfo.endCursor }).query;
    expect(where).toEqual({ OR: [{ amount: { gt: 1 } }, { amount: 1, id: { gt: 'd1' } }] });
  });

  test('of a list sorted by an instant compares instants, not texts', () => {
    const ordering: Ordering = { list: 'l', column: 'at', direction: 'DESC', type: 'instant' };
    const at = new Date('2026-11-01T00:00:00.123Z');
    const { pageInfo } = plan({}, ordering).toConnection([{ id: 'a', at }], noTotal);
    const { where } = plan({ after: pageInfo.endCursor }, ordering).query;
    expect(where).toEqual({ OR: [{ at: { lt: at } }, { at, id: { lt: 'a' } }] });
  });

  test('beyond a row without a value goes on among those without one, and back to those with one', () => {
    const ordering: Ordering = { list: 'l', column: 'at', direction: 'ASC', type: 'instant', nullable: true };
    const { pageInfo } = plan({}, ordering).toConnection([{ id: 'n', at: null }], noTotal);
    expect(plan({ after: pageInfo.endCursor }, ordering).query).toMatchObject({
      where: { at: null, id: { gt: 'n' } },
      orderBy: [{ at: { sort: 'asc', nulls: 'last' } }, { id: 'asc' }],
    });
    expect(plan({ before: pageInfo.startCursor }, ordering).query).toMatchObject({
      where: { OR: [{ at: null, id: { lt: 'n' } }, { at: { not: null } }] },
      orderBy: [{ at: { sort: 'desc', nulls: 'first' } }, { id: 'desc' }],
    });
  });

  test.each([
    [{ first: 1, last: 1 }, 'last'],
    [{ first: 1, before: 'x' }, 'before'],
    [{ last: 1, after: 'x' }, 'after'],
    [{ after: 'x', before: 'x' }, 'after'],
    [{ first: -1 }, 'first'],
    [{ last: -1 }, 'last'],
  ])('is refused for %j, with the argument that is at fault', (args, field) => {
    expect(errorOf(() => plan(args))).toMatchObject({ code: 'BAD_USER_INPUT', extensions: { field } });
  });

  test.each([{ first: 101 }, { last: 2_147_483_647 }])('is refused beyond the largest size for %j', (args) => {
    const extensions = { limit: 'pageSize', value: 100, field: Object.keys(args)[0] };
    expect(errorOf(() => plan(args))).toMatchObject({ code: 'OPERATION_LIMIT_EXCEEDED', extensions });
  });

  test('takes null for an argument that is not there', () => {
    expect(plan({ first: null, after: null, last: null, before: null }).query).toEqual(plan({}).query);
  });
});

test('a plain list has a size within its own limits', () => {
  expect([readListSize(null), readListSize(0), readListSize(100)]).toEqual([20, 0, 100]);
  expect(readListSize(undefined, { default: 5, max: 10 })).toBe(5);
  expect(errorOf(() => readListSize(11, { default: 5, max: 10 }))).toMatchObject({
    code: 'OPERATION_LIMIT_EXCEEDED',
    extensions: { value: 10, field: 'first' },
  });
  expect(errorOf(() => readListSize(-1))).toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('a search takes the wildcards of LIKE as they stand', () => {
  expect(containing('100%_\\')).toEqual({ contains: '100\\%\\_\\\\' });
});
