import type { Fault, LoggedChange } from './verdict.ts';

/** A change as a subscriber is told of it. */
export interface DeliveredChange {
  readonly type: string;
  readonly entityId: string;
  readonly version: number;
}

/** Changes between two cursors, as a subscriber got them. */
export interface DeliveredBatch {
  readonly from: string;
  readonly to: string;
  readonly changes: readonly DeliveredChange[];
}

/** All that one subscriber got, over all of its connections, in order. */
export interface Delivery {
  readonly subscriber: string;
  readonly tenantId: string;
  /** The number in the log after which the subscriber began. */
  readonly after: number;
  readonly batches: readonly DeliveredBatch[];
}

const changeKey = ({ type, entityId, version }: DeliveredChange) => `${type} ${entityId} v${version}`;

/** What came to one subscriber is what was logged for its tenant: all of it, once, in that order, without a gap. */
export function findDeliveryFaults(delivery: Delivery, logged: readonly LoggedChange[]): Fault[] {
  const { subscriber, tenantId, after, batches } = delivery;
  const expected = logged.filter((change) => change.tenantId === tenantId && change.seq > after).map(changeKey);
  const arrived = batches.flatMap(({ changes }) => changes.map(changeKey));
  const faults = [...findBrokenChains(batches), ...compare(expected, arrived)];
  return faults.map(({ kind, where }) => ({ kind, where: `${subscriber} of ${tenantId}: ${where}` }));
}

/** A batch begins where the one before has ended. */
function findBrokenChains(batches: readonly DeliveredBatch[]): Fault[] {
  return batches
    .map((batch, index) => ({ index, isBroken: index > 0 && batch.from !== batches[index - 1]?.to }))
    .filter(({ isBroken }) => isBroken)
    .map(({ index }) => ({ kind: 'CHAIN_BROKEN', where: `batch ${index}` }));
}

/** The places that each key is expected at; keys may repeat. */
function placesOf(keys: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [place, key] of keys.entries()) {
    const known = places.get(key);
    if (known) known.push(place);
    else places.set(key, [place]);
  }
  return places;
}

function compare(expected: readonly string[], arrived: readonly string[]): Fault[] {
  const faults: Fault[] = [];
  const places = placesOf(expected);
  let furthest = -1;
  for (const key of arrived) {
    const open = places.get(key);
    const place = open?.shift();
    if (!open) faults.push({ kind: 'INVENTED', where: key });
    else if (place === undefined) faults.push({ kind: 'DUPLICATED', where: key });
    else if (place < furthest) faults.push({ kind: 'REORDERED', where: key });
    furthest = Math.max(furthest, place ?? -1);
  }
  for (const [key, open] of places) for (const _ of open) faults.push({ kind: 'LOST', where: key });
  return faults;
}
