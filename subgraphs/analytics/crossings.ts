import type { Publish } from '../../kernel/audit/mutation-run.ts';
import { thresholdReaching } from './changes.ts';
import { type AnalyticsTransaction, findThresholdsOf, type ThresholdModel } from './store.ts';

/** A figure before and after something happened: of a customer, or of the tenant on a day. */
export interface Movement {
  readonly metric: string;
  readonly customerId: string | null;
  readonly before: number;
  readonly after: number;
}

const isBeyond = ({ comparison, value }: ThresholdModel, figure: number) =>
  comparison === 'ABOVE' ? figure > value : figure < value;

/**
 * Publishes each threshold that a figure has come to lie beyond. Before, it did not: whatever happens beyond it is told by
 * nothing more, until the figure has come back and crosses it again.
 */
export async function announceCrossings(
  tx: AnalyticsTransaction,
  publish: Publish,
  movements: readonly Movement[],
): Promise<void> {
  const moved = movements.filter(({ before, after }) => before !== after);
  if (moved.length === 0) return;
  const thresholds = await findThresholdsOf(
    tx,
    moved.map(({ metric }) => metric),
  );
  for (const threshold of thresholds) {
    for (const movement of moved.filter(({ metric }) => metric === threshold.metric)) {
      const { before, after, customerId } = movement;
      if (isBeyond(threshold, before) || !isBeyond(threshold, after)) continue;
      publish(thresholdReaching(threshold, after, customerId));
    }
  }
}
