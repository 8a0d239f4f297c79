import { type GraphQLSchema, isObjectType, Kind } from 'graphql';
import type { NewChange } from '../changes/change.ts';
import type { PrismaClientLike, TenantTransaction } from '../data/tenant-database.ts';

/** A record as the change log tells of it: type of change, id, version and data. */
export type SyncedRecord = Pick<NewChange, 'type' | 'entityId' | 'version' | 'data'>;

/** How records of one type are synced. */
export interface SyncedEntity<Client extends PrismaClientLike> {
  /** The table in the schema of the app, whose rows are locked by id. */
  readonly table: string;
  /** The mutations that a push runs, by field. What has none cannot be done by a push. */
  readonly create?: string;
  readonly update?: string;
  readonly remove?: string;
  /** Reads records by id, in any order; those that are not there are left out. */
  readonly read: (tx: TenantTransaction<Client>, ids: readonly string[]) => Promise<readonly SyncedRecord[]>;
  /** The like in one statement that locks the records too, in the order of their ids, until the end of the transaction. */
  readonly readAndLock?: SyncedEntity<Client>['read'];
}

/** What an app syncs, by type of the graph. */
export interface SyncedApp<Client extends PrismaClientLike> {
  readonly app: string;
  readonly entities: Readonly<Record<string, SyncedEntity<Client>>>;
}

/** What happens when a client changes a record that somebody else has changed since the version it knew. */
export const conflictPolicies = ['FIELD_MERGE', 'REJECT_STALE', 'CLIENT_WINS', 'SERVER_WINS', 'APPEND_ONLY'] as const;
export type ConflictPolicy = (typeof conflictPolicies)[number];

const isPolicy = (text: string): text is ConflictPolicy => conflictPolicies.some((one) => one === text);

/** The policy of a type: what `@sync(conflict:)` says in its schema, `FIELD_MERGE` where that says nothing. */
export function conflictPolicyOf(schema: GraphQLSchema, entity: string): ConflictPolicy {
  const type = schema.getType(entity);
  const nodes = isObjectType(type) ? [type.astNode, ...type.extensionASTNodes] : [];
  const directive = nodes.flatMap((node) => node?.directives ?? []).find(({ name }) => name.value === 'sync');
  const value = directive?.arguments?.find(({ name }) => name.value === 'conflict')?.value;
  return value?.kind === Kind.ENUM && isPolicy(value.value) ? value.value : 'FIELD_MERGE';
}
