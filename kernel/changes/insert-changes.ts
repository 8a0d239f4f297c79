import { shareColumns } from '../data/shared-columns.ts';
import type { SqlStatement } from '../data/tenant-database.ts';
import type { TenantId } from '../tenancy/ids.ts';
import type { EventCatalogue } from './catalogue.ts';
import type { Change, NewChange } from './change.ts';

/** What a change says beside what the command publishes: where it comes from. */
export type ChangeOrigin = Pick<Change, 'app' | 'actor' | 'sourceApp' | 'correlationId'> & {
  readonly tenantId: TenantId;
} & Partial<Pick<Change, 'causationId' | 'clientId' | 'mutationId'>>;

/** A change before the log has given it its place. */
export type UnplacedChange = ChangeOrigin &
  Omit<Change, 'seq' | 'epoch' | 'at' | keyof ChangeOrigin> &
  Pick<NewChange, 'isAnonymous'>;

/** Whether a value is the same once it has been through JSON. */
const isScalar = (value: unknown) =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

/** Whether data are already as whoever reads the log finds them. */
function isPlain(data: NewChange['data']): boolean {
  return Object.values(data).every((value) => isScalar(value) || (Array.isArray(value) && value.every(isScalar)));
}

/**
 * Completes a change that a command of an app publishes.
 *
 * @throws for a type that the catalogue does not have, or has for another app, and for data that are not as it says
 */
export function completeChange(catalogue: EventCatalogue, origin: ChangeOrigin, change: NewChange): UnplacedChange {
  const { type, entityId, version, op = 'PUT', priority, isAnonymous } = change;
  const known = catalogue.get(type);
  if (known?.app !== origin.app) throw new Error(`The app ${origin.app} has no event type ${type}.`);
  const data = isPlain(change.data) ? change.data : (JSON.parse(JSON.stringify(change.data)) as NewChange['data']);
  const mistake = known.mistakeIn(data);
  if (mistake !== undefined) throw new Error(`The data of ${type} are not as the event catalogue says: ${mistake}.`);
  const rest = { version, op, data, priority: priority ?? known.priority, ...(isAnonymous && { isAnonymous }) };
  return { ...origin, type, entity: known.entity, entityId, ...rest };
}

/** Which field of a change is under which name where `platform.append_changes` reads it. */
const columns = {
  type: 'type',
  entity: 'entity',
  entity_id: 'entityId',
  version: 'version',
  op: 'op',
  data: 'data',
  actor: 'actor',
  source_app: 'sourceApp',
  correlation_id: 'correlationId',
  causation_id: 'causationId',
  client_id: 'clientId',
  mutation_id: 'mutationId',
  priority: 'priority',
} as const satisfies Record<string, keyof UnplacedChange>;

const callWith = (first: number) =>
  `SELECT platform.append_changes($${first}, $${first + 1}, $${first + 2}::jsonb, $${first + 3}::jsonb)`;
const call = callWith(1);

function valuesOf(changes: readonly UnplacedChange[]): unknown[] {
  const [first] = changes;
  if (!first) throw new Error('There are no changes to insert.');
  const { tenantId, app } = first;
  if (changes.some((change) => change.tenantId !== tenantId || change.app !== app)) {
    throw new Error('Changes of one transaction are those of one tenant and one app.');
  }
  const { own, shared } = shareColumns(changes, columns);
  return [tenantId, app, JSON.stringify(own), JSON.stringify(shared)];
}

/**
 * The statement that writes changes of one tenant and one app, in this order. It takes the lock of the tenant, which is held
 * until the transaction ends, so it is the last of its transaction.
 */
export function insertChanges(changes: readonly UnplacedChange[]): SqlStatement {
  return { text: call, values: valuesOf(changes) };
}

/** The same in one statement with others that write and give no rows: one trip to the database for all. */
export function insertChangesWith(others: readonly SqlStatement[], changes: readonly UnplacedChange[]): SqlStatement {
  const values: unknown[] = [];
  const parts = others.map((other, index) => {
    const text = other.text.replaceAll(/\$(\d+)/g, (_, number) => `$${Number(number) + values.length}`);
    values.push(...other.values);
    return `other_${index} AS (${text})`;
  });
  const text = `WITH ${parts.join(', ')} ${callWith(values.length + 1)}`;
  return { text, values: [...values, ...valuesOf(changes)] };
}
