import { describe, expect, test } from '@jest/globals';
import { SharedWork } from '../../../kernel/resilience/shared-work.ts';

const staying = new AbortController().signal;

describe('shared work', () => {
  test('gives its result to all who joined it, and is over then', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const work = new SharedWork(() => promise);
    const joined = Promise.all([work.join(staying), work.join(staying)]);
    expect(work.isOver).toBe(false);
    resolve('done');
    expect(await joined).toEqual(['done', 'done']);
    expect(work.isOver).toBe(true);
    expect(() => work.join(staying)).toThrow();
  });

  test('that fails rejects for all who joined it, and is over then', async () => {
    const work = new SharedWork(async () => {
      throw new Error('failed');
    });
    const joined = [work.join(staying), work.join(staying)];
    for (const one of joined) await expect(one).rejects.toThrow('failed');
    expect(work.isOver).toBe(true);
  });

  test('is abandoned when the last of those who joined it has gone', async () => {
    const signals: AbortSignal[] = [];
    const clients = [new AbortController(), new AbortController()];
    const work = new SharedWork<never>((signal) => {
      signals.push(signal);
      return new Promise(() => {});
    });
    const joined = clients.map(({ signal }) => work.join(signal));
    const reasons = Promise.allSettled(joined);
    clients[0]?.abort('first');
    expect([work.isOver, signals[0]?.aborted]).toEqual([false, false]);
    clients[1]?.abort('second');
    expect([work.isOver, signals[0]?.aborted]).toEqual([true, true]);
    expect(await reasons).toMatchObject([{ reason: 'first' }, { reason: 'second' }]);
  });
});
