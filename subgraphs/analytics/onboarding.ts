import { z } from 'zod';
import type { DiscardTrackingInput, EnsureTrackingInput } from '../../generated/graphql/analytics.ts';
import type { Publish } from '../../kernel/audit/mutation-run.ts';
import { runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, unchanged } from '../../kernel/subgraph/input.ts';
import { behaviorChange } from './changes.ts';
import type { AnalyticsContext } from './loaders.ts';
import { removeUntracked } from './store/figures.ts';
import { type AnalyticsTransaction, changeBehavior, lockBehavior } from './store.ts';

const namedCustomer = z.object({ customerId: entityId() });

/** Tracks a customer from now on; gives the id. */
export async function ensureTracking(
  context: AnalyticsContext,
  input: EnsureTrackingInput,
): Promise<CommandResult<string>> {
  const parsed = parseInput(namedCustomer, input);
  if (!parsed.ok) return parsed;
  const { customerId } = parsed.value;
  return runCommand(context, {}, async (tx, publish) => {
    const behavior = await lockBehavior(tx, customerId);
    if (behavior.revision > 0) return unchanged(customerId);
    publish(behaviorChange(await changeBehavior(tx, customerId, {})));
    return done(customerId);
  });
}

/** Ends the tracking of a customer of whom nothing was tracked; gives the id, or null where there is nothing to end. */
export async function discardTracking(
  context: AnalyticsContext,
  input: DiscardTrackingInput,
): Promise<CommandResult<string | null>> {
  const parsed = parseInput(namedCustomer, input);
  if (!parsed.ok) return parsed;
  const { customerId } = parsed.value;
  return runCommand(context, {}, async (tx, publish) =>
    (await endTracking(tx, publish, customerId)) ? done(customerId) : unchanged(null),
  );
}

/** Ends the tracking of a customer of whom nothing was tracked. Gives whether there was any to end. */
export async function endTracking(tx: AnalyticsTransaction, publish: Publish, customerId: string): Promise<boolean> {
  const revision = await removeUntracked(tx, customerId);
  if (revision === undefined) return false;
  const data = { customerId };
  publish({ type: 'BEHAVIOR_DELETED', op: 'DELETE', entityId: customerId, version: revision + 1, data });
  return true;
}
