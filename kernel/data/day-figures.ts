import DataLoader from 'dataloader';
import { readDayId, type TimeRange } from './time-range.ts';

/** One figure of one day. */
export interface DayFigure {
  /** As in `2026-11-30`. */
  readonly day: string;
  /** Which figure: the field of the graph. */
  readonly figure: string;
  readonly value: number;
}

/**
 * Loads the figures of days by the ids of these (`dayIdOf`). Days of one range are read together, so a year costs what a
 * day does.
 */
export function createDayLoader<Figure extends DayFigure>(
  read: (range: TimeRange) => Promise<readonly Figure[]>,
): DataLoader<string, readonly Figure[]> {
  return new DataLoader<string, readonly Figure[]>(
    async (ids) => {
      const asked = ids.map(readDayId);
      const ranges = new Map(asked.flatMap((one) => (one ? [[one.range.id, one.range] as const] : [])));
      const byRange = new Map<string, Map<string, Figure[]>>();
      for (const [id, range] of ranges)
        byRange.set(
          id,
          Map.groupBy(await read(range), ({ day }) => day),
        );
      return asked.map((one) => (one && byRange.get(one.range.id)?.get(one.day)) ?? []);
    },
    { maxBatchSize: 1_000 },
  );
}

/** A count of a day; 0 where nothing was counted. */
export function countOf(figures: readonly DayFigure[], figure: string): number {
  return figures.find((one) => one.figure === figure)?.value ?? 0;
}
