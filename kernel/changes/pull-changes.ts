import type { TenantId } from '../tenancy/ids.ts';
import type { Change } from './change.ts';
import type { LogReader } from './log-reader.ts';

/** What a pull found between two places. */
export interface PulledChanges {
  /** The number up to which the log was seen. */
  readonly to: number;
  readonly changes: readonly Change[];
  readonly upToDate: boolean;
}

export interface PullSource {
  readonly reader: LogReader;
  readonly tenantId: TenantId;
  readonly matches: (change: Change) => boolean;
}

/** How many pages one pull reads at most: where few changes match, the caller comes again with what it got. */
const mostPages = 10;

/** Reads on from a place until there are enough changes, or no more; undefined when what follows the place is gone. */
export async function pullChanges(
  { reader, tenantId, matches }: PullSource,
  after: number,
  limit: number,
): Promise<PulledChanges | undefined> {
  const found: Change[] = [];
  let to = after;
  for (let pages = 0; pages < mostPages && found.length < limit; pages++) {
    const wanted = limit - found.length;
    const { changes, floor } = await reader.page(tenantId, to, wanted);
    if (to < floor) return undefined;
    found.push(...changes.filter(matches));
    to = changes.at(-1)?.seq ?? to;
    if (changes.length < wanted) return { to, changes: found, upToDate: true };
  }
  return { to, changes: found, upToDate: false };
}
