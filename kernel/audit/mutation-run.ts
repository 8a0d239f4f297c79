import { newEntityId } from '../data/entity-id.ts';
import type { PrismaClientLike, TenantDatabase, TenantTransaction } from '../data/tenant-database.ts';
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

/** Who runs it, and in which operation. */
export interface MutationSender {
  readonly tenantId: TenantId;
  readonly principal: Pick<Principal, 'app' | 'credentialId' | 'userId'>;
  readonly operationName: string | undefined;
  readonly correlationId: string | undefined;
}

/** A mutation that runs: the only way to write. */
export interface MutationRun<Client extends PrismaClientLike> {
  /**
   * Runs work in a transaction of the tenant, in which the record of the mutation is written too. What the work gives
   * is the record's entity, or holds it. See `TenantDatabase.write` about conflicts.
   */
  write<T>(work: (tx: TenantTransaction<Client>) => Promise<{ readonly value: T }>): Promise<{ readonly value: T }>;
}

/** Where the mutations of one app are recorded. */
export interface MutationRecorder<Client extends PrismaClientLike> {
  readonly app: string;
  readonly database: TenantDatabase<Client>;
  readonly logger: Logger;
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
  let written = 0;
  const run: MutationRun<Client> = {
    async write(writeRows) {
      // The first has the id of the mutation: should its end stay unknown, a second record of it finds its place taken.
      const id = written === 0 ? record.id : newEntityId();
      const result = await recorder.database.write(sender, async (tx) => {
        const done = await writeRows(tx);
        const entityId = entityIdOf(done.value, subject.entity?.field) ?? record.entityId;
        await tx.rows(insertAuditRecords([{ ...record, id, entityId, outcome: 'DONE' }]));
        return done;
      });
      written += 1;
      return result;
    },
  };
  const note = (end: MutationEnd) => (written > 0 ? undefined : writeAlone(recorder, { ...record, ...end }));
  try {
    const payload = await work(run);
    await note(outcomeOfPayload(payload));
    return payload;
  } catch (error) {
    await note(outcomeOfError(error));
    throw error;
  }
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
    await database.write(record, (tx) => tx.rows(insertAuditRecords([record])));
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
