import { z } from 'zod';
import type { SetRevenueMilestonesInput } from '../../generated/graphql/crm.ts';
import type { Publish } from '../../kernel/audit/mutation-run.ts';
import type { NewChange } from '../../kernel/changes/change.ts';
import { toChangeData } from '../../kernel/changes/change-data.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, currency, done, minorUnits, parseInput, unchanged } from '../../kernel/subgraph/input.ts';
import type { CrmContext } from './loaders.ts';
import {
  findMilestonesOf,
  insertMilestones,
  lockMilestones,
  reachMilestones,
  removeMilestones,
  sumWonDeals,
} from './store/milestones.ts';
import type { CrmTransaction, DealModel, RevenueMilestoneModel } from './store.ts';

const milestonesMax = 50;

const setRevenueMilestonesInput = z.object({
  currency: currency(),
  amounts: z
    .array(minorUnits().positive('A milestone is above zero.'))
    .max(milestonesMax, `Set at most ${milestonesMax} milestones of a currency.`)
    .refine((amounts) => new Set(amounts).size === amounts.length, 'Name each milestone once.')
    .transform((amounts) => amounts.map(BigInt)),
});

/** The id of a milestone, which is known by its currency and amount. */
export function milestoneId({ currency, amount }: Pick<RevenueMilestoneModel, 'currency' | 'amount'>): string {
  return `${currency}-${amount}`;
}

function milestoneSet(milestone: RevenueMilestoneModel): NewChange {
  const { currency, amount, reachedAt, createdAt, version } = milestone;
  const id = milestoneId(milestone);
  const data = toChangeData({ id, currency, amount, reachedAt, createdAt, version });
  return { type: 'REVENUE_MILESTONE_SET', entityId: id, version, data };
}

function milestoneRemoved(milestone: RevenueMilestoneModel): NewChange {
  const id = milestoneId(milestone);
  const version = milestone.version + 1;
  return { type: 'REVENUE_MILESTONE_REMOVED', op: 'DELETE', entityId: id, version, data: { id } };
}

/** Sets the milestones of a currency. Those that stay keep what is known of them. */
export async function setRevenueMilestones(
  context: CrmContext,
  input: SetRevenueMilestonesInput,
): Promise<CommandResult<readonly RevenueMilestoneModel[]>> {
  const parsed = parseInput(setRevenueMilestonesInput, input);
  if (!parsed.ok) return parsed;
  const { currency, amounts } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    await lockMilestones(tx);
    const before = await findMilestonesOf(tx, [currency]);
    const removed = before.filter(({ amount }) => !amounts.includes(amount));
    const added = amounts.filter((amount) => before.every((one) => one.amount !== amount));
    if (removed.length === 0 && added.length === 0) return unchanged(before);
    const total = await sumWonDeals(tx, currency);
    const now = new Date();
    const reachedAt = (amount: bigint) => (amount <= total ? now : null);
    await removeMilestones(
      tx,
      currency,
      removed.map(({ amount }) => amount),
    );
    await insertMilestones(
      tx,
      added.map((amount) => ({ currency, amount, reachedAt: reachedAt(amount) })),
    );
    const after = await findMilestonesOf(tx, [currency]);
    for (const milestone of removed) publish(milestoneRemoved(milestone));
    for (const milestone of after) if (added.includes(milestone.amount)) publish(milestoneSet(milestone));
    return done(after);
  });
}

/**
 * Publishes the milestones that the tenant's revenue has reached with a deal which was won in this transaction, each once
 * for ever: of two that are won at the same time, the second one waits here for the end of the first.
 */
export async function announceMilestones(tx: CrmTransaction, publish: Publish, deal: DealModel): Promise<void> {
  if (deal.stage !== 'WON') return;
  await lockMilestones(tx);
  const { currency } = deal;
  const milestones = await findMilestonesOf(tx, [currency]);
  if (milestones.every(({ reachedAt }) => reachedAt !== null)) return;
  const total = await sumWonDeals(tx, currency);
  for (const milestone of await reachMilestones(tx, currency, total)) {
    const { amount, reachedAt, version } = milestone;
    const data = toChangeData({ revenue: total, currency, milestone: amount, reachedAt });
    publish({ type: 'REVENUE_MILESTONE', entityId: milestoneId(milestone), version, data });
  }
}
