import type { TenantId } from '../../tenancy/ids.ts';
import type { Change } from '../change.ts';
import { conditionsOf } from '../change-history.ts';
import type { LogReader } from '../log-reader.ts';

/** Which events are wanted: those of some types after a place. */
export interface EventQuery {
  readonly after: number;
  readonly types: readonly string[];
}

/** Some of the log of one tenant. */
export interface EventPage {
  /** The wanted events, in order. */
  readonly changes: readonly Change[];
  /** Up to where the log was looked through. */
  readonly reached: number;
  /** Whether that was its end. */
  readonly isEnd: boolean;
}

/** Where the workers of a process learn what has happened: the log as it is, whoever may read it. */
export interface EventSource {
  /** Where the log of a tenant begins and ends. */
  bounds: LogReader['bounds'];
  /** The next events after a place. */
  events(tenantId: TenantId, query: EventQuery): Promise<EventPage>;
  /** One event; undefined where it is no longer kept. */
  event(tenantId: TenantId, seq: number): Promise<Change | undefined>;
  /** The number of the last change of a tenant that belongs to another epoch; 0 when there is none. */
  endBefore: LogReader['endBefore'];
  /** Of some tenants those that have changes after a place, and the epoch of the log. */
  poll: LogReader['poll'];
  /** All tenants that have anything in the log. */
  loggedTenants(): Promise<readonly TenantId[]>;
  /**
   * Calls a function whenever something may have changed for a tenant; the returned function takes that back. Events of
   * other types than somebody has named here are not found.
   */
  onHint(types: readonly string[], listener: (tenantId: TenantId) => void): () => void;
  /** Changes of the tenant were committed. */
  poke(tenantId: TenantId): void;
}

/** How many changes one statement looks at, and how many events it brings at most. */
const scanSize = 2_000;
const pageSize = 100;

/** What reads events, for all apps of a process. */
export interface EventReading extends Omit<EventSource, 'onHint' | 'poke'> {
  /** Has events of these types be found. */
  want(types: readonly string[]): void;
  /** Something was committed for a tenant: who asks from now on is not given what was begun before. */
  forget(tenantId: TenantId): void;
}

/** Reads events. Apps that are told of a commit at the same time, and are at the same place, ask the database once. */
export function createEventReading(reader: LogReader): EventReading {
  const wanted = new Set<string>();
  const underWay = new Map<TenantId, Map<string, Promise<unknown>>>();

  /** Work that is under way since the last commit, or is begun. */
  function share<T>(tenantId: TenantId, name: string, begin: () => Promise<T>): Promise<T> {
    const ofTenant = underWay.get(tenantId) ?? new Map<string, Promise<unknown>>();
    underWay.set(tenantId, ofTenant);
    const known = ofTenant.get(name) as Promise<T> | undefined;
    if (known) return known;
    const begun = begin().finally(() => {
      ofTenant.delete(name);
      if (ofTenant.size === 0 && underWay.get(tenantId) === ofTenant) underWay.delete(tenantId);
    });
    ofTenant.set(name, begun);
    return begun;
  }

  async function readPage(tenantId: TenantId, after: number): Promise<EventPage> {
    const { changes, reached, isEnd } = await reader.search(tenantId, {
      beyond: after,
      direction: 'newer',
      scan: scanSize,
      limit: pageSize,
      conditions: conditionsOf(new Map(), { types: [...wanted] }),
    });
    const isCut = changes.length === pageSize;
    const last = isCut ? changes.at(-1)?.seq : reached;
    return { changes, reached: last ?? after, isEnd: isEnd && !isCut };
  }

  return {
    bounds: (tenantId) => share(tenantId, 'bounds', () => reader.bounds(tenantId)),
    async events(tenantId, { after, types }) {
      const page = await share(tenantId, `after ${after}`, () => readPage(tenantId, after));
      return { ...page, changes: page.changes.filter(({ type }) => types.includes(type)) };
    },
    async event(tenantId, seq) {
      const { changes } = await reader.page(tenantId, seq - 1, 1);
      return changes.find((change) => change.seq === seq);
    },
    endBefore: (tenantId, epoch) => reader.endBefore(tenantId, epoch),
    poll: (places) => reader.poll(places),
    loggedTenants: () => reader.tenants(),
    want(types) {
      for (const type of types) wanted.add(type);
      underWay.clear();
    },
    forget: (tenantId) => underWay.delete(tenantId),
  };
}
