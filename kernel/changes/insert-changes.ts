import { changeColumns } from '../data/platform-rights.ts';
import type { SqlStatement } from '../data/tenant-database.ts';
import type { TenantId } from '../tenancy/ids.ts';
import type { EventCatalogue } from './catalogue.ts';
import type { Change, NewChange } from './change.ts';

/** What a change says beside what the command publishes: where it comes from. */
export type ChangeOrigin = Pick<Change, 'app' | 'actor' | 'sourceApp' | 'correlationId'> & {
  readonly tenantId: TenantId;
} & Partial<Pick<Change, 'causationId' | 'clientId' | 'mutationId'>>;

/** A change before the log has given it its place. */
export type UnplacedChange = ChangeOrigin & Omit<Change, 'seq' | 'epoch' | 'at' | keyof ChangeOrigin>;

/**
 * Completes a change that a command of an app publishes.
 *
 * @throws for a type that the catalogue does not have, or has for another app, and for data that are not as it says
 */
export function completeChange(catalogue: EventCatalogue, origin: ChangeOrigin, change: NewChange): UnplacedChange {
  const { type, entityId, version, op = 'PUT', priority } = change;
  const known = catalogue.get(type);
  if (known?.app !== origin.app) throw new Error(`The app ${origin.app} has no event type ${type}.`);
  const data = JSON.parse(JSON.stringify(change.data)) as NewChange['data']; // as whoever reads the log finds them
  const mistake = known.mistakeIn(data);
  if (mistake !== undefined) throw new Error(`The data of ${type} are not as the event catalogue says: ${mistake}.`);
  return { ...origin, type, entity: known.entity, entityId, version, op, data, priority: priority ?? known.priority };
}

function rowOf(change: UnplacedChange): Record<(typeof changeColumns)[number], unknown> {
  return {
    tenant_id: change.tenantId,
    app: change.app,
    type: change.type,
    entity: change.entity,
    entity_id: change.entityId,
    version: change.version,
    op: change.op,
    data: change.data,
    actor: change.actor,
    source_app: change.sourceApp,
    correlation_id: change.correlationId,
    causation_id: change.causationId,
    client_id: change.clientId,
    mutation_id: change.mutationId,
    priority: change.priority,
  };
}

const columnTypes: Partial<Record<(typeof changeColumns)[number], string>> = {
  version: 'integer',
  data: 'jsonb',
  mutation_id: 'bigint',
};
const columns = changeColumns.join(', ');
const row = changeColumns.map((name) => `${name} ${columnTypes[name] ?? 'text'}`).join(', ');
const textWith = (parameter: number) => `INSERT INTO platform.change_log (${columns})
  SELECT ${columns} FROM jsonb_to_recordset($${parameter}::jsonb) AS row (${row})`;
const text = textWith(1);

/**
 * The statement that writes changes of one tenant, in this order. It takes the lock of the tenant, which is held until the
 * transaction ends, so it is the last of its transaction.
 */
export function insertChanges(changes: readonly UnplacedChange[]): SqlStatement {
  return { text, values: [JSON.stringify(changes.map(rowOf))] };
}

/** The same in one statement with another that writes and gives no rows: one trip to the database for both. */
export function insertChangesWith(other: SqlStatement, changes: readonly UnplacedChange[]): SqlStatement {
  const values = [...other.values, ...insertChanges(changes).values];
  return { text: `WITH other AS (${other.text}) ${textWith(values.length)}`, values };
}
