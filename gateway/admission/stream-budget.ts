/** How many messages a client may still send. */
export interface MessageBudget {
  left: number;
  /** When that was worked out, in milliseconds. */
  at: number;
}

/** A burst may be as much as so many seconds allow. */
const burstSeconds = 10;
/** A message counts once, and again for each so many bytes of it. */
const bytesPerUnit = 4_096;

export function createMessageBudget(perSecond: number, now: number): MessageBudget {
  return { left: perSecond * burstSeconds, at: now };
}

/** Charges a message of so many bytes; false when there is nothing left to charge it to. */
export function chargeMessage(budget: MessageBudget, perSecond: number, bytes: number, now: number): boolean {
  const earned = ((now - budget.at) / 1_000) * perSecond;
  budget.left = Math.min(perSecond * burstSeconds, budget.left + earned) - 1 - Math.floor(bytes / bytesPerUnit);
  budget.at = now;
  return budget.left >= 0;
}
