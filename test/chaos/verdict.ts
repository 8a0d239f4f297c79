import { type Delivery, findDeliveryFaults } from './judge-delivery.ts';
import { findReactionFaults, reactionsIn } from './judge-reactions.ts';

/** A row of the change log, as the database holds it. */
export interface LoggedChange {
  readonly tenantId: string;
  readonly seq: number;
  readonly type: string;
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
  /** An `ACK` changes no record: its mutation found everything as it wanted it. */
  readonly op: 'PUT' | 'DELETE' | 'ACK';
  /** Which queued mutation it came of; undefined for what came otherwise. */
  readonly clientId: string | undefined;
  readonly mutationId: number | undefined;
  /** The number of the change that an app reacted to by this one; undefined for what comes of mutations. */
  readonly causedBy: number | undefined;
}

/** A mutation that a writer was told is done. */
export interface Acknowledgement {
  readonly tenantId: string;
  readonly clientId: string;
  readonly mutationId: number;
  readonly entity: string;
  readonly entityId: string;
}

/** A record that an ordinary mutation made, outside of any queue, as its sender was told. */
export interface Creation {
  readonly tenantId: string;
  readonly entity: string;
  readonly entityId: string;
}

/** A record as its app's table holds it in the end. */
export interface StoredRecord {
  readonly tenantId: string;
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
}

/** All that was seen of a run, from its four sides. */
export interface Observation {
  /** In the order of `seq`. */
  readonly logged: readonly LoggedChange[];
  readonly acknowledged: readonly Acknowledgement[];
  readonly created: readonly Creation[];
  /** The records that the acknowledged mutations wrote, and those that apps made of that by themselves. */
  readonly stored: readonly StoredRecord[];
  readonly deliveries: readonly Delivery[];
}

export type FaultKind =
  | 'LOST'
  | 'DUPLICATED'
  | 'REORDERED'
  | 'INVENTED'
  | 'CHAIN_BROKEN'
  | 'NOT_APPLIED'
  | 'APPLIED_TWICE'
  | 'NOT_ACKNOWLEDGED'
  | 'VERSION_GAP'
  | 'NOT_STORED'
  | 'NOT_REACTED'
  | 'REACTED_TWICE'
  | 'REACTED_TO_NOTHING';

/** One thing that must not happen, and where it did. */
export interface Fault {
  readonly kind: FaultKind;
  readonly where: string;
}

/** What a run comes to. Without faults: acknowledged = applied = logged = delivered = reacted to, each once and in order. */
export interface Verdict {
  readonly faults: readonly Fault[];
  readonly acknowledged: number;
  readonly logged: number;
  /** Changes that arrived, over all subscribers. */
  readonly delivered: number;
  /** Changes that an app made because of others. */
  readonly reactions: number;
}

/** Judges a run. Everything that was seen has to fit to everything else; nothing is taken from any side on trust. */
export function judge(observation: Observation): Verdict {
  const { logged, acknowledged, created, deliveries } = observation;
  return {
    faults: [
      ...findMutationFaults(observation),
      ...findCreationFaults(observation),
      ...findRecordFaults(observation),
      ...findReactionFaults(logged),
      ...deliveries.flatMap((delivery) => findDeliveryFaults(delivery, logged)),
    ],
    acknowledged: acknowledged.length + created.length,
    logged: logged.length,
    delivered: deliveries.reduce((sum, { batches }) => sum + batches.flatMap(({ changes }) => changes).length, 0),
    reactions: reactionsIn(logged).length,
  };
}

const mutationKey = (of: { readonly tenantId: string; readonly clientId: string; readonly mutationId: number }) =>
  `${of.tenantId}/${of.clientId}#${of.mutationId}`;

const recordKey = (of: { readonly tenantId: string; readonly entity: string; readonly entityId: string }) =>
  `${of.tenantId}/${of.entity}/${of.entityId}`;

/** Every acknowledged mutation changed its record exactly once, and nothing else changed one in a queue's name. */
function findMutationFaults({ logged, acknowledged }: Observation): Fault[] {
  const faults: Fault[] = [];
  const applications = new Map<string, LoggedChange[]>();
  for (const change of logged) {
    const { tenantId, clientId, mutationId } = change;
    if (clientId === undefined || mutationId === undefined) continue;
    const key = mutationKey({ tenantId, clientId, mutationId });
    applications.set(key, [...(applications.get(key) ?? []), change]);
  }
  for (const one of acknowledged) {
    const where = mutationKey(one);
    const own = (applications.get(where) ?? []).filter((change) => recordKey(change) === recordKey(one));
    if (own.length === 0) faults.push({ kind: 'NOT_APPLIED', where });
    if (own.length > 1) faults.push({ kind: 'APPLIED_TWICE', where });
  }
  const known = new Set(acknowledged.map(mutationKey));
  for (const where of applications.keys()) if (!known.has(where)) faults.push({ kind: 'NOT_ACKNOWLEDGED', where });
  return faults;
}

/**
 * What was made by an ordinary mutation is there, and nothing else of the kind: one that ran twice made another record,
 * of which nobody was told.
 */
function findCreationFaults({ logged, created }: Observation): Fault[] {
  const entities = new Set(created.map(({ entity }) => entity));
  const told = new Set(created.map(recordKey));
  const made = logged
    .filter(({ clientId, version, entity }) => clientId === undefined && version === 1 && entities.has(entity))
    .map(recordKey);
  const isMade = new Set(made);
  return [
    ...[...told].filter((key) => !isMade.has(key)).map((where): Fault => ({ kind: 'NOT_APPLIED', where })),
    ...made.filter((key) => !told.has(key)).map((where): Fault => ({ kind: 'NOT_ACKNOWLEDGED', where })),
  ];
}

/** The versions of every record count up by one in the log, to the version that is stored, as all of the kind are. */
function findRecordFaults({ logged, stored }: Observation): Fault[] {
  const faults: Fault[] = [];
  const versions = new Map<string, number>();
  for (const change of logged.filter(({ op }) => op !== 'ACK')) {
    const where = recordKey(change);
    const expected = (versions.get(where) ?? 0) + 1;
    if (change.version !== expected) faults.push({ kind: 'VERSION_GAP', where: `${where} at ${change.version}` });
    versions.set(where, change.version);
  }
  const entities = new Set(stored.map(({ entity }) => entity));
  const versionStored = new Map(stored.map((record) => [recordKey(record), record.version]));
  const kept = logged.filter(({ entity }) => entities.has(entity)).map(recordKey);
  for (const where of new Set([...kept, ...versionStored.keys()])) {
    if (versions.get(where) !== versionStored.get(where)) faults.push({ kind: 'NOT_STORED', where });
  }
  return faults;
}
