import { eventCatalogue } from '../changes/catalogue.ts';
import type { Change, NewChange } from '../changes/change.ts';
import type { ChangeFeed } from '../changes/feed.ts';
import { completeChange, insertChangesWith, type UnplacedChange } from '../changes/insert-changes.ts';
import type { SealKeys } from '../changes/sealing/seal-keys.ts';
import { sealChanges } from '../changes/sealing/sealed-changes.ts';
import { newEntityId } from '../data/entity-id.ts';
import type { PrismaClientLike, SqlStatement, TenantDatabase, TenantTransaction } from '../data/tenant-database.ts';
import type { Logger } from '../telemetry/logger.ts';
import { isEntityId, type TenantId } from '../tenancy/ids.ts';
import type { Principal } from '../tenancy/principal.ts';
import { type AuditRecord, insertAuditRecords } from './audit-record.ts';
import { type MutationEnd, outcomeOfError, outcomeOfPayload } from './mutation-outcome.ts';

/** A mutation before it runs. */
export interface MutationSubject {
  /** The field of `Mutation`. */
  readonly mutation: string;
  /** `MUTATION`, or what it means for keys. */
  readonly kind: AuditRecord['kind'];
  /** The type of what it writes, and under which name its payload has that. */
  readonly entity?: { readonly type: string; readonly field: string } | undefined;
  /** The id of what its input names. */
  readonly entityId?: string | undefined;
}

/** Who runs it, in which operation, and where that comes from if a client kept it or a change led to it. */
export interface MutationSender extends Partial<Pick<Change, 'causationId' | 'clientId' | 'mutationId'>> {
  readonly tenantId: TenantId;
  readonly principal: Pick<Principal, 'app' | 'credentialId' | 'userId'>;
  readonly operationName: string | undefined;
  readonly correlationId: string | undefined;
}

/** Says what a transaction changes. It is written to the change log with the transaction, or not at all. */
export type Publish = (change: NewChange) => void;

/** What several mutations have left to be written by the one that runs them. */
export interface Closing {
  readonly changes: readonly UnplacedChange[];
  /** They give no rows. */
  readonly statements: readonly SqlStatement[];
}

/** What the work of a mutation comes to. */
export interface DoneWork<T> {
  readonly value: T;
  readonly closing?: Closing;
}

/** A mutation that runs: the only way to write. */
export interface MutationRun<Client extends PrismaClientLike> {
  /**
   * Runs work in a transaction of the tenant, in which the record of the mutation is written too, and what the work
   * publishes. What the work gives is the record's entity, or holds it. See `TenantDatabase.write` about conflicts.
   */
  write<T>(
    work: (tx: TenantTransaction<Client>, publish: Publish) => Promise<DoneWork<T>>,
  ): Promise<{ readonly value: T }>;
}

/**
 * Thrown by work that finds that it was done before: its transaction is rolled back, and the mutation goes on with what
 * came of it then. It has left its record then.
 */
export class AlreadyWritten extends Error {
  readonly value: unknown;

  constructor(value: unknown) {
    super('This was written before.');
    this.value = value;
  }
}

/** Where the mutations of one app are recorded. */
export interface MutationRecorder<Client extends PrismaClientLike> {
  readonly app: string;
  readonly database: TenantDatabase<Client>;
  /** Told of what was committed. */
  readonly feed?: Pick<ChangeFeed, 'poke'>;
  readonly logger: Logger;
  /** With which the personal data of its changes are sealed. */
  readonly sealKeys: SealKeys;
  /** Set where the mutation is one of several in one transaction. */
  readonly batch?: MutationBatch<Client> | undefined;
}

/** What a mutation wrote, and what has to be written of that in the same transaction. */
export interface WrittenRows<T> {
  readonly done: DoneWork<T>;
  readonly changes: readonly UnplacedChange[];
  readonly record: AuditRecord;
}

/** A transaction in which several mutations run. Their changes and records it writes itself, at its end. */
export interface MutationBatch<Client extends PrismaClientLike> {
  /** Runs the writes of a mutation. Nothing stays of them when they throw. */
  write<T>(work: (tx: TenantTransaction<Client>) => Promise<WrittenRows<T>>): Promise<{ readonly value: T }>;
  /** Takes the record of a mutation that wrote nothing. */
  record(record: AuditRecord): void;
}

/**
 * Runs a mutation and sees to its record: in the transaction of what it writes; or, where nothing was written, in one of
 * its own, once the other is rolled back and before anyone hears of it.
 *
 * @param work Gives the payload of the mutation.
 */
export async function runMutation<Client extends PrismaClientLike, Payload>(
  recorder: MutationRecorder<Client>,
  sender: MutationSender,
  subject: MutationSubject,
  work: (run: MutationRun<Client>) => Promise<Payload>,
): Promise<Payload> {
  const record = recordOf(recorder.app, sender, subject);
  const origin = originOf(recorder.app, sender);
  let written = 0;
  const run: MutationRun<Client> = {
    async write(writeRows) {
      // The first has the id of the mutation: should its end stay unknown, a second record of it finds its place taken.
      const id = written === 0 ? record.id : newEntityId();
      const result = await writeIn(recorder, sender, async (tx) => {
        const changes: UnplacedChange[] = [];
        const publish: Publish = (change) => changes.push(completeChange(eventCatalogue(), origin, change));
        const done = await writeRows(tx, publish);
        const entityId = entityIdOf(done.value, subject.entity?.field) ?? record.entityId;
        return { done, changes, record: { ...record, id, entityId, outcome: 'DONE' } };
      });
      written += 1;
      if (!recorder.batch) recorder.feed?.poke(sender.tenantId);
      return result;
    },
  };
  const note = (end: MutationEnd) => {
    if (written > 0) return undefined;
    const ended = { ...record, ...end };
    return recorder.batch ? recorder.batch.record(ended) : writeAlone(recorder, ended);
  };
  try {
    const payload = await work(run);
    await note(outcomeOfPayload(payload));
    return payload;
  } catch (error) {
    await note(outcomeOfError(error));
    throw error;
  }
}

/** Runs the writes of a mutation in the transaction of its batch, or in one of its own. */
async function writeIn<Client extends PrismaClientLike, T>(
  { database, batch, sealKeys }: MutationRecorder<Client>,
  sender: MutationSender,
  work: (tx: TenantTransaction<Client>) => Promise<WrittenRows<T>>,
): Promise<{ readonly value: T }> {
  if (batch) return await batch.write(work);
  try {
    return await database.write(sender, async (tx) => {
      const { done, changes: own, record } = await work(tx);
      const recording = insertAuditRecords([record]);
      const { changes = [], statements = [] } = done.closing ?? {};
      const sealing = { catalogue: eventCatalogue(), keys: sealKeys };
      const sealed = await sealChanges(tx.rows, [...own, ...changes], sealing);
      await tx.end(sealed.length > 0 ? insertChangesWith([recording, ...statements], sealed) : recording);
      return done;
    });
  } catch (error) {
    if (error instanceof AlreadyWritten) return { value: error.value as T };
    throw error;
  }
}

function originOf(app: string, sender: MutationSender) {
  const { principal, tenantId, correlationId, causationId, clientId, mutationId } = sender;
  const actor = principal.userId ?? principal.credentialId;
  return { app, tenantId, actor, sourceApp: principal.app, correlationId, causationId, clientId, mutationId };
}

function recordOf(app: string, sender: MutationSender, { mutation, kind, entity, entityId }: MutationSubject) {
  const { principal, tenantId, operationName, correlationId } = sender;
  return {
    id: newEntityId(),
    tenantId,
    kind,
    sourceApp: principal.app,
    targetApp: app,
    credentialId: principal.credentialId,
    userId: principal.userId,
    operationName,
    mutation,
    entity: entity?.type,
    entityId,
    correlationId,
  };
}

/** A refusal is worth no failure: what the client is told stays the same when its record cannot be written. */
async function writeAlone<Client extends PrismaClientLike>(
  { database, logger }: MutationRecorder<Client>,
  record: AuditRecord,
): Promise<void> {
  try {
    await database.write(record, (tx) => tx.end(insertAuditRecords([record])));
  } catch (error) {
    const { id: _, ...lost } = record;
    logger.error({ ...lost, err: error }, 'An audit record was lost');
  }
}

/** The id of what was written: the value is it, is its id, holds it under a name, or is a list that begins with it. */
function entityIdOf(value: unknown, name?: string): string | undefined {
  if (typeof value === 'string') return isEntityId(value) ? value : undefined;
  if (Array.isArray(value)) return entityIdOf(value[0]);
  if (typeof value !== 'object' || value === null) return undefined;
  const held = value as Readonly<Record<string, unknown>>;
  const inner = name === undefined ? undefined : held[name];
  if (typeof inner === 'object' && inner !== null) return entityIdOf(inner);
  return typeof held.id === 'string' ? held.id : undefined;
}
