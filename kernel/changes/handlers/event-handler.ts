import type { Publish } from '../../audit/mutation-run.ts';
import type { PrismaClientLike, TenantTransaction } from '../../data/tenant-database.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Principal } from '../../tenancy/principal.ts';
import type { TenantScope } from '../../tenancy/request-context.ts';
import type { Change } from '../change.ts';

/** What a handler of an event works with. Everything in it ends with the transaction. */
export interface EventContext<Client extends PrismaClientLike> extends TenantScope {
  /** What is written in it, what is published, and that the event was handled, commit together. */
  readonly tx: TenantTransaction<Client>;
  /** Publishes a change that follows from the event. */
  readonly publish: Publish;
  /** The app itself, without any permission: `app:<name>`. What needs some makes a principal of its own. */
  readonly principal: Principal;
  /** Of the request that the event came from. */
  readonly correlationId: string | undefined;
  /** `<epoch>:<seq>`: the same however often the event comes, so a key for whatever is begun because of it. */
  readonly eventId: string;
  /** The platform's. */
  readonly secret: string;
  readonly logger: Logger;
}

/** What came of an event. One that changed nothing leaves no record. */
export type Reaction = 'changed' | 'unchanged';

/**
 * What an app does when something has happened, in itself or in another app. It runs in a transaction of the app, once
 * for each event, and for one record in the order of its events; `docs/events.md` says what it may rely on. It calls no
 * other app and nothing outside: what has to begins here, by a row, and is done by a workflow or a queue.
 *
 * What it throws undoes all of it, and it is tried again later, a few times.
 */
export type EventHandler<Client extends PrismaClientLike> = (
  change: Change,
  context: EventContext<Client>,
) => Promise<Reaction>;

/** The handlers of an app, by event type: what its `events.ts` exports. */
export type EventHandlers<Client extends PrismaClientLike> = Readonly<Record<string, EventHandler<Client>>>;

/** The id of an event. */
export const eventIdOf = ({ epoch, seq }: Pick<Change, 'epoch' | 'seq'>): string => `${epoch}:${seq}`;
