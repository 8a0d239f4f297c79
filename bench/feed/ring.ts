import { type BenchChange, tenantName } from './fed-server.ts';

/** Changes between two places of a ring, as the schema has them. */
export interface RingBatch {
  readonly __typename: 'ChangeBatch';
  readonly from: string;
  readonly to: string;
  readonly compacted: boolean;
  readonly upToDate: boolean;
  readonly changes: readonly BenchChange[];
}

/** What one tenant is told, which any number of readers follow from any place that it still holds. */
export interface Ring {
  publish(changes: readonly BenchChange[]): void;
  follow(after: string | null | undefined): AsyncIterableIterator<RingBatch, undefined>;
}

/** As many batches are kept for those who fall behind: what the bench publishes to a tenant in about twenty seconds. */
const keptBatches = 20;

/** Makes a ring. Cursors are numbers of batches: what is measured is how they get to subscribers. */
export function createRing(): Ring {
  const batches: (readonly BenchChange[])[] = [];
  let next = 0;
  let news = Promise.withResolvers<void>();

  async function* follow(after: string | null | undefined): AsyncGenerator<RingBatch, undefined> {
    let place = after == null ? next : Number(after);
    const batchAt = (from: number, to: number, changes: readonly BenchChange[]): RingBatch => ({
      __typename: 'ChangeBatch',
      from: String(from),
      to: String(to),
      compacted: false,
      upToDate: to === next,
      changes,
    });
    if (after == null) yield batchAt(place, place, []);
    for (;;) {
      while (place === next) await news.promise;
      const changes = batches[place % keptBatches];
      if (place < next - keptBatches || !changes) throw new Error('The ring does not reach back so far.');
      place += 1;
      yield batchAt(place - 1, place, changes);
    }
  }

  return {
    publish(changes) {
      batches[next % keptBatches] = changes;
      next += 1;
      const { resolve } = news;
      news = Promise.withResolvers<void>();
      resolve();
    },
    follow,
  };
}

/** A ring for each tenant, by its name. */
export function createRings(tenants: number): ReadonlyMap<string, Ring> {
  return new Map(Array.from({ length: tenants }, (_, index) => [tenantName(index), createRing()]));
}
