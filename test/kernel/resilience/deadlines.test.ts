import { expect, test } from '@jest/globals';
import { createDeadlines } from '../../../kernel/resilience/deadlines.ts';

test('whoever still waits is told in the order of beginning, whoever has gone is not', async () => {
  const deadlines = createDeadlines(20);
  const late: string[] = [];
  const stopFirst = deadlines.start(() => late.push('first'));
  deadlines.start(() => late.push('second'));
  stopFirst();
  await new Promise<void>((resolve) => deadlines.start(resolve));
  expect(late).toEqual(['second']);
});

test('a deadline that begins behind one that has ended is kept', async () => {
  const deadlines = createDeadlines(20);
  deadlines.start(() => undefined)();
  await new Promise<void>((resolve) => deadlines.start(resolve));
  await new Promise<void>((resolve) => deadlines.start(resolve));
});
