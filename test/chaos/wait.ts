import { setTimeout as sleep } from 'node:timers/promises';

const lookAgainMs = 25;
/** Far more than anything takes on a busy machine: whoever comes to it waits for what will never be. */
const patienceMs = 240_000;

/** Waits for a condition; resolves with whether it came true in time. */
export async function comesTrue(isTrue: () => boolean | Promise<boolean>, withinMs: number): Promise<boolean> {
  for (const giveUpAt = performance.now() + withinMs; !(await isTrue()); await sleep(lookAgainMs)) {
    if (performance.now() > giveUpAt) return false;
  }
  return true;
}

/** Waits for a condition; rejects when it does not come true. */
export async function waitUntil(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
  if (!(await comesTrue(isTrue, patienceMs))) throw new Error(`Waited in vain: ${what}.`);
}
