import { randomBytes } from 'node:crypto';
import type { TenantId } from '../../tenancy/ids.ts';
import { nonceBytes, openText, sealText } from '../../tenancy/sealed-text.ts';
import type { EventCatalogue, PersonalData } from '../catalogue.ts';
import type { Change } from '../change.ts';
import type { UnplacedChange } from '../insert-changes.ts';
import { type SealKeys, type SendRows, type Subject, subjectKey } from './seal-keys.ts';

/** The field of a row's data that holds what is sealed; no field of the graph can have this name. */
const sealedField = '$sealed';

/** What stands in the log for personal data: whose they are, and the data as `sealText` makes them. */
interface SealedFields {
  readonly subject: string;
  readonly box: string;
}

type Placed = Pick<Change, 'app' | 'type' | 'entityId' | 'version' | 'data'>;

/** What sealed data are bound to: moved to another change they do not open. */
const placeOf = (tenantId: TenantId, { app, type, entityId, version }: Placed) =>
  JSON.stringify([tenantId, app, type, entityId, version]);

/** Whose the personal data of a change are; undefined where it holds none. */
function subjectOf(personal: PersonalData | undefined, { data }: Pick<Change, 'data'>): string | undefined {
  if (!personal?.fields.some((name) => !isBlank(data[name]))) return undefined;
  for (const name of personal.subject) {
    const subject = data[name];
    if (typeof subject === 'string') return subject;
  }
  throw new Error('Personal data are published of nobody.');
}

const isBlank = (value: unknown) => value == null || value === '' || (Array.isArray(value) && value.length === 0);

/** The data without some of their fields, and those fields. */
function divide(data: Change['data'], fields: readonly string[]) {
  const clear: Record<string, unknown> = {};
  const personal: Record<string, unknown> = {};
  for (const name in data) {
    if (fields.includes(name)) personal[name] = data[name];
    else clear[name] = data[name];
  }
  return { clear, personal };
}

/** Where a transaction publishes, and with which keys. */
export interface Sealing {
  readonly catalogue: EventCatalogue;
  readonly keys: SealKeys;
}

/**
 * Seals the personal data of changes of one tenant and one app, as the catalogue says what those are, just before they are
 * written. A key that is not known costs one statement, however many there are. Of somebody who was erased, the data are
 * left out.
 */
export async function sealChanges(
  send: SendRows,
  changes: readonly UnplacedChange[],
  { catalogue, keys }: Sealing,
): Promise<readonly UnplacedChange[]> {
  const [first] = changes;
  if (!first) return changes;
  const { tenantId, app } = first;
  const subjects = changes.map((change) =>
    change.isAnonymous ? undefined : subjectOf(catalogue.get(change.type)?.personal, change),
  );
  const known = subjects.filter((one) => one !== undefined);
  if (known.length === 0) return changes;
  const found = await keys.findOrMake(send, tenantId, app, known);
  const nonces = randomBytes(nonceBytes * changes.length);
  return changes.map((change, index) => {
    const subject = subjects[index];
    const fields = catalogue.get(change.type)?.personal?.fields;
    if (subject === undefined || !fields) return change;
    const { clear, personal } = divide(change.data, fields);
    const key = found.get(subjectKey({ app, subject }));
    if (key === undefined) throw new Error('A subject has no key.');
    if (key === 'destroyed') return { ...change, data: { ...clear, erased: true } };
    const nonce = nonces.subarray(index * nonceBytes, (index + 1) * nonceBytes);
    const box = sealText(key, placeOf(tenantId, change), JSON.stringify(personal), nonce);
    clear[sealedField] = { subject, box } satisfies SealedFields;
    return { ...change, data: clear };
  });
}

function sealedIn(data: Change['data']): SealedFields | undefined {
  return data[sealedField] as SealedFields | undefined; // nobody but `sealChanges` writes it
}

/**
 * Opens the data of changes of one tenant, as they lie in the log. What is sealed by a key that was destroyed is left out,
 * and the data say so: `erased: true`.
 */
export async function openChanges<Sealed extends Placed>(
  send: SendRows,
  tenantId: TenantId,
  changes: readonly Sealed[],
  keys: SealKeys,
): Promise<readonly Sealed[]> {
  const subjects = changes.flatMap(({ app, data }): Subject[] => {
    const sealed = sealedIn(data);
    return sealed ? [{ app, subject: sealed.subject }] : [];
  });
  if (subjects.length === 0) return changes;
  const found = await keys.find(send, tenantId, subjects);
  return changes.map((change) => {
    const sealed = sealedIn(change.data);
    if (!sealed) return change;
    const { [sealedField]: _, ...clear } = change.data;
    const key = found.get(subjectKey({ app: change.app, subject: sealed.subject }));
    if (key === undefined || key === 'destroyed') return { ...change, data: { ...clear, erased: true } };
    const opened = JSON.parse(openText(key, placeOf(tenantId, change), sealed.box)) as Change['data'];
    return { ...change, data: { ...clear, ...opened } };
  });
}
