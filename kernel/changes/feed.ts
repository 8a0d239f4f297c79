import type { Principal } from '../tenancy/principal.ts';
import type { Change, LogPosition, Priority } from './change.ts';

/** Which changes a follower is told of; what is absent sets no bound. */
export interface ChangeFilter {
  readonly types?: readonly string[] | undefined;
  /** Target apps, as the catalogue routes event types; or the app that wrote it. */
  readonly apps?: readonly string[] | undefined;
  readonly entities?: readonly string[] | undefined;
  /** With `entities`: these records alone. */
  readonly entityIds?: readonly string[] | undefined;
  readonly minPriority?: Priority | undefined;
}

/** Why a follower has to load the current state and start anew. */
export type ResyncReason = 'CURSOR_EXPIRED' | 'EPOCH_CHANGED' | 'CURSOR_AHEAD';

/** Changes that lie between two cursors, in order. Without changes it moves the follower on: a heartbeat. */
export interface ChangeBatch {
  readonly kind: 'batch';
  readonly from: string;
  readonly to: string;
  /** Whether older changes of a record were left out for its newest. Only when asked for. */
  readonly compacted: boolean;
  readonly changes: readonly Change[];
  /** Whether the log held nothing more when the batch was made. */
  readonly upToDate: boolean;
}

/** The last event of a stream. */
export interface Resync {
  readonly kind: 'resync';
  readonly reason: ResyncReason;
  /** A cursor from before the state that a follower would load next. */
  readonly from: string;
}

export type FeedEvent = ChangeBatch | Resync;

/** What a follower asks for. */
export interface FollowOptions {
  /** Tells tenant and permissions: what the principal may not read, it is not told. */
  readonly principal: Principal;
  /** A cursor; null or undefined starts now, and the first batch is empty and comes at once. */
  readonly after: string | null | undefined;
  readonly filter?: ChangeFilter | undefined;
  /** Whether only the newest change of each record is wanted where many have piled up. */
  readonly compact?: boolean | undefined;
}

/** What one pull asks for. */
export interface PullOptions extends FollowOptions {
  /** At most so many changes: 1 to 1,000. */
  readonly limit: number;
}

/** Which changes of the past are wanted. */
export interface HistoryFilter extends ChangeFilter {
  /** What came of one request. */
  readonly correlationId?: string | undefined;
}

/** What one page of the past asks for. */
export interface HistoryOptions {
  /** Tells tenant and permissions. */
  readonly principal: Principal;
  readonly filter: HistoryFilter;
  /** The cursor behind which it begins; undefined at the end from which the direction leads away. */
  readonly beyond: string | undefined;
  readonly direction: 'older' | 'newer';
  /** At most so many changes: 1 to 100. */
  readonly limit: number;
}

/** A page of the past, which may be shorter than was asked for even where there is more. */
export interface HistoryPage {
  /** In reading direction. */
  readonly changes: readonly Change[];
  /** The last place that was looked at; undefined where the log holds nothing there. */
  readonly reached: string | undefined;
  readonly hasMore: boolean;
}

/**
 * The changes of all tenants, as one process sees them: one reader and one ring of recent changes per tenant that is
 * followed, however many follow it.
 */
export interface ChangeFeed {
  /**
   * The changes from a cursor on. Throws CURSOR_INVALID for what is no cursor of this tenant. The stream ends after a
   * `Resync`, or when it is left.
   */
  follow(options: FollowOptions): AsyncIterableIterator<FeedEvent, undefined>;
  /** The next changes after a cursor, without waiting for any. */
  pull(options: PullOptions): Promise<FeedEvent>;
  /** What has happened, from any place in either direction. Throws CURSOR_INVALID, CURSOR_EXPIRED, EPOCH_CHANGED. */
  history(options: HistoryOptions): Promise<HistoryPage>;
  /** The end of the log as a cursor. */
  head(principal: Principal): Promise<string>;
  /** The place of a change as a cursor of its tenant. */
  cursorOf(change: Pick<Change, 'tenantId'> & LogPosition): string;
  /** Something was committed for the tenant: look now. Losing a poke costs up to a second, never a change. */
  poke(tenantId: Principal['tenantId']): void;
  stop(): Promise<void>;
}
