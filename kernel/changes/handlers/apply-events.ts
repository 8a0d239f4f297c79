import { type AuditRecord, insertAuditRecords } from '../../audit/audit-record.ts';
import type { PrismaClientLike, SqlStatement, WritingTransaction } from '../../data/tenant-database.ts';
import { eventCatalogue } from '../catalogue.ts';
import type { Change } from '../change.ts';
import { insertChanges, type UnplacedChange } from '../insert-changes.ts';
import { sealChanges } from '../sealing/sealed-changes.ts';
import { failureOf, isPassing } from './event-failure.ts';
import { eventIdOf } from './event-handler.ts';
import * as rows from './event-rows.ts';
import { type HandlingApp, runHandler } from './run-handler.ts';

/** How an app comes to events: they are the next of its log; they were set aside, and are tried again; or it has passed them. */
export type EventWay = 'next' | 'again' | 'past';

/**
 * What came of an event. `passed`: it was handled before, or by somebody else; `waiting`: behind an earlier one of its
 * record, or to be tried again in its turn; `failed`: it is set aside; `dead`: it was given up; `busy`: another process is
 * at work on this log.
 */
export type Outcome = 'handled' | 'passed' | 'waiting' | 'failed' | 'dead' | 'busy';

/** How many events one transaction handles at most. */
export const mostTogether = 50;

type Tx<Client extends PrismaClientLike> = WritingTransaction<Client>;

/** What is to be done with an event. */
interface Course {
  readonly change: Change;
  readonly next: 'run' | 'passed' | 'waiting';
  /** How often it was tried in vain, where it was set aside or given up and whoever works on it now decides about that. */
  readonly attempts: number | undefined;
}

/** What the database says of an event. */
function courseOf(way: EventWay, position: bigint, change: Change, state: rows.EventState | undefined): Course {
  const { is_handled: isHandled, is_blocked: isBlocked, is_dead: isDead } = state ?? {};
  const attempts = state?.attempts ?? undefined;
  const isSetAside = attempts !== undefined && !isDead;
  const isOfOthers = way === 'next' ? position >= change.seq : way === 'again' && !isSetAside;
  if (isOfOthers) return { change, next: 'passed', attempts: undefined }; // among others, one that was just given up
  if (isHandled) return { change, next: 'passed', attempts };
  if (isBlocked || (way !== 'again' && isSetAside)) return { change, next: 'waiting', attempts };
  return { change, next: 'run', attempts };
}

/** Begins to work on the log of a tenant, alone; undefined where another process does, and it is not to be waited for. */
async function look<Client extends PrismaClientLike>(
  tx: Tx<Client>,
  place: rows.HandlerPlace,
  way: EventWay,
  changes: readonly Change[],
  waits: boolean,
): Promise<readonly Course[] | undefined> {
  const lock = waits ? rows.waitForPosition(place) : rows.lockPosition(place);
  const [[position], states] = await Promise.all([
    tx.rows<{ seq: bigint }>(lock),
    tx.rows<rows.EventState>(rows.findStates(place, changes)),
  ]);
  if (!position) return undefined;
  const stateOf = new Map(states.map((state) => [Number(state.seq), state]));
  return changes.map((change) => courseOf(way, position.seq, change, stateOf.get(change.seq)));
}

/** What a transaction has come to. */
interface Work {
  readonly courses: Course[];
  readonly changes: UnplacedChange[];
  readonly records: AuditRecord[];
}

/** Writes what has become of the events, and ends the transaction. */
async function conclude<Client extends PrismaClientLike>(
  { app, sealKeys }: HandlingApp<Client>,
  tx: Tx<Client>,
  way: EventWay,
  { courses, changes, records }: Work,
): Promise<void> {
  const place = { app, tenantId: tx.tenantId };
  const thatAre = (is: (course: Course) => boolean) => courses.filter(is).map(({ change }) => change);
  const run = thatAre(({ next }) => next === 'run');
  const waiting = thatAre(({ next, attempts }) => next === 'waiting' && attempts === undefined);
  const done = thatAre(({ next, attempts }) => next !== 'waiting' && attempts !== undefined);
  const last = courses.at(-1)?.change.seq;
  const sealed = await sealChanges(tx.rows, changes, { catalogue: eventCatalogue(), keys: sealKeys });
  const statements: SqlStatement[] = [
    ...(way === 'next' && last !== undefined ? [rows.movePosition(place, last)] : []),
    ...(run.length > 0 ? [rows.insertHandled(place, run)] : []),
    ...(waiting.length > 0 ? [rows.insertWaiting(place, waiting)] : []),
    ...(done.length > 0 ? [rows.deleteFailures(place, done)] : []),
    ...(records.length > 0 ? [insertAuditRecords(records)] : []),
    // It takes the lock of the tenant, which nobody is to wait for longer than the commit takes.
    ...(sealed.length > 0 ? [insertChanges(sealed)] : []),
  ];
  const end = statements.pop();
  if (end) await Promise.all([...statements.map((statement) => tx.rows(statement)), tx.end(end)]);
}

/**
 * Has an app handle events of one tenant in one transaction, in their order. Gives the outcome of as many of them as there
 * was time for, at least of one unless the app stops.
 */
function handleTogether<Client extends PrismaClientLike>(
  handling: HandlingApp<Client>,
  way: EventWay,
  changes: readonly Change[],
): Promise<readonly Outcome[]> {
  const { app, database, stopping, times } = handling;
  const [first] = changes;
  if (!first) return Promise.resolve([]);
  const place = { app, tenantId: first.tenantId };
  return database.write(place, async (tx) => {
    const began = performance.now();
    // A replay has nobody to leave its events to.
    const courses = await look(tx, place, way, changes, way === 'past');
    if (!courses) return changes.map(() => 'busy' as const);
    const work: Work = { courses: [], changes: [], records: [] };
    for (const course of courses) {
      if (stopping.aborted || (work.courses.length > 0 && performance.now() - began > times.togetherMs)) break;
      work.courses.push(course);
      if (course.next !== 'run') continue;
      const handled = await runHandler(handling, tx, course.change);
      work.changes.push(...handled.changes);
      if (handled.record) work.records.push(handled.record);
    }
    await conclude(handling, tx, way, work);
    return work.courses.map(({ next }) => (next === 'run' ? 'handled' : next));
  });
}

/** Sets an event aside that was tried in vain, which is logged. */
async function setAside<Client extends PrismaClientLike>(
  handling: HandlingApp<Client>,
  way: EventWay,
  change: Change,
  error: unknown,
): Promise<Outcome> {
  const { app, database, retries, logger } = handling;
  const { tenantId, seq, type, correlationId } = change;
  const place = { app, tenantId };
  const judged = await database.write(place, async (tx) => {
    const [course] = (await look(tx, place, way, [change], true)) ?? [];
    if (!course) return { outcome: 'busy' as const };
    if (course.next !== 'run') {
      await conclude(handling, tx, way, { courses: [course], changes: [], records: [] });
      return { outcome: course.next };
    }
    const attempts = (course.attempts ?? 0) + 1;
    const failure = failureOf(error, attempts, retries);
    if (way === 'next') await tx.rows(rows.movePosition(place, seq));
    await tx.end(rows.saveFailure(place, change, attempts, failure));
    return { outcome: failure.retryMs === undefined ? ('dead' as const) : ('failed' as const), attempts };
  });
  const event = {
    app,
    tenantId,
    type,
    eventId: eventIdOf(change),
    correlationId,
    attempts: judged.attempts,
    err: error,
  };
  if (judged.outcome === 'dead') logger.error(event, 'An event was given up: it waits to be redriven');
  if (judged.outcome === 'failed') logger.warn(event, 'An event could not be handled and will be tried again');
  return judged.outcome;
}

/**
 * Has an app handle some events of one tenant, in their order, and brings it on in its log by those that are the next: each
 * was handled then, or set aside so that others go on. Gives the outcomes of the first of them, and of at least one; what
 * there was no time for is left, and all that is left when the app stops.
 *
 * Where one fails, all are handled anew, each in a transaction of its own: so it is seen which it was, and nothing stays of
 * that.
 *
 * @throws what the database throws when it cannot be reached; what is under way has not happened then
 */
export async function handleEvents<Client extends PrismaClientLike>(
  handling: HandlingApp<Client>,
  way: EventWay,
  changes: readonly Change[],
): Promise<readonly Outcome[]> {
  const [first] = changes;
  if (!first) return [];
  try {
    const outcomes = await handleTogether(handling, way, changes);
    if (outcomes.includes('handled')) handling.source.poke(first.tenantId);
    return outcomes;
  } catch (error) {
    if (changes.length === 1) {
      if (isPassing(error)) throw error;
      return [await setAside(handling, way, first, error)];
    }
    const outcomes: Outcome[] = [];
    for (const change of changes) {
      const [outcome] = await handleEvents(handling, way, [change]);
      if (outcome !== undefined) outcomes.push(outcome);
      // None is left out: what follows one that was not come to is not come to either.
      if (outcome === undefined || outcome === 'busy') break;
    }
    return outcomes;
  }
}
