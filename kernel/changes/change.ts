import type { Permission } from '../permissions/permission.ts';
import type { TenantId } from '../tenancy/ids.ts';

/** What happened to a record: it is as `data` says, or it is gone. An `ACK` says that a mutation changed nothing. */
export type ChangeOperation = 'PUT' | 'DELETE' | 'ACK';

/** A change as a command publishes it; the rest is known of the mutation that runs. */
export interface NewChange {
  /** An event type of the catalogue: `LEAD_CREATED`. */
  readonly type: string;
  /** The id of the record, whose type the catalogue knows. */
  readonly entityId: string;
  /** Counts the changes to the record from 1; 1 for what has no versions. */
  readonly version: number;
  /** `PUT` by default. */
  readonly op?: ChangeOperation;
  /** As the JSON Schema of the event type asks for it. */
  readonly data: Readonly<Record<string, unknown>>;
  /** More or less than the event type has. */
  readonly priority?: Priority;
  /** The data say nothing of a person any more, so none of them is sealed. */
  readonly isAnonymous?: true | undefined;
}

/** How urgent a change is, from least to most. */
export const priorities = ['LOW', 'NORMAL', 'HIGH', 'CRITICAL'] as const;
export type Priority = (typeof priorities)[number];

/** Where in the log of one tenant something is: changes of a tenant are in the order of `seq`. */
export interface LogPosition {
  /** The life of the log: another one after a restore or a failover, and no position of the one before holds. */
  readonly epoch: string;
  /** The number of the last change that lies before; 0 before the first. Rising, not dense. */
  readonly seq: number;
}

/** One row of the change log. */
export interface Change {
  readonly tenantId: TenantId;
  readonly seq: number;
  readonly epoch: string;
  /** The app that wrote it. */
  readonly app: string;
  readonly type: string;
  /** A type of the graph: `Lead`. */
  readonly entity: string;
  readonly entityId: string;
  readonly version: number;
  readonly op: ChangeOperation;
  readonly data: Readonly<Record<string, unknown>>;
  /** Who did it: the id of a user or a credential, or `app:<name>` for what an app did by itself. */
  readonly actor: string;
  /** The app whose principal sent the mutation (`crm-web`). */
  readonly sourceApp: string;
  readonly correlationId: string | undefined;
  /** The cursor-free id of the change that this one follows from: `<epoch>:<seq>`. */
  readonly causationId: string | undefined;
  /** Set where it came by `push`. */
  readonly clientId: string | undefined;
  readonly mutationId: number | undefined;
  readonly priority: Priority;
  readonly at: Date;
}

/** What a principal needs to see the changes of an event type: one of the alternatives, in whole; an empty one is met by all. */
export interface ChangeNeed {
  readonly anyOf: readonly (readonly Permission[])[];
  /**
   * Whoever has this permission sees, beside, the changes whose `field` in the data is the principal's user; or whose
   * `formerField` is: the record was theirs until this change. With
   * `unless` it takes away instead: of the changes that have the field, whoever has it and lacks that other permission
   * sees these alone.
   */
  readonly own?:
    | {
        readonly permission: Permission;
        readonly field: string;
        readonly formerField?: string | undefined;
        readonly unless?: Permission | undefined;
      }
    | undefined;
  /**
   * Fields in which a change says whom it is for: beside what else is needed, the user that the one names or whoever has
   * the permission that the other names. Where both are null, it is for everybody.
   */
  readonly audience?: { readonly user: string; readonly permission: string } | undefined;
}
