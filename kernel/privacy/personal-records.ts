import type { PrismaClientLike, TenantTransaction } from '../data/tenant-database.ts';
import { normaliseEmail } from '../subgraph/input.ts';

/** Somebody, as the apps know them. */
export interface Person {
  readonly customerId: string;
  /** Addresses that are theirs, in any form. */
  readonly emails: readonly string[];
  /** What they are called, for what says it in running text. */
  readonly names: readonly string[];
}

/** A table with rows about people. */
export interface PersonalTable {
  /** The type of the records in the graph, or what they are called. */
  readonly type: string;
  /** With its schema. */
  readonly table: string;
  /**
   * The condition of a person's rows, of the table as `t`: `$1` is the tenant, `$2` the customer's id, `$3` the addresses
   * as they are compared, `$4` patterns for `LIKE` on lower-case text that find addresses and names.
   */
  readonly where: string;
  /** The columns that name a row in its tenant; `id` by default. */
  readonly key?: readonly string[];
  /** Columns that say nothing of the person or are no one's to see. */
  readonly hidden?: readonly string[];
  /** Why the rows outlast the person; what says something of them is taken out. */
  readonly keptBecause?: string;
}

/** A row as the database has it: columns by their names. */
export type PersonalRow = Readonly<Record<string, unknown>>;

/** Some of what an app holds on a person, by type. */
export interface PersonalData {
  readonly records: Readonly<Record<string, readonly PersonalRow[]>>;
  /** Whether no page after this one has any. */
  readonly isEnd: boolean;
}

/** How many rows of a table one transaction reads or erases. */
export const erasureLimit = 500;

/** Shorter names would be found in other words. */
const shortestName = 4;

type Reader = Pick<TenantTransaction<PrismaClientLike>, 'tenantId' | 'rows'>;

/** What finds a person in running text that was made lower case. */
export function wordsFor({ emails, names }: Person): string[] {
  return [...emails, ...names.filter((name) => name.length >= shortestName)].map(normaliseEmail);
}

/** The values of the parameters in conditions of a table. */
function valuesOf({ tenantId }: Reader, person: Person): unknown[] {
  const patterns = wordsFor(person).map((word) => `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`);
  return [tenantId, person.customerId, person.emails.map(normaliseEmail), patterns];
}

/** What keeps the types of parameters that a condition has no use for known. */
const typed = '($2::text IS NULL OR $3::text[] IS NULL OR $4::text[] IS NULL OR true)';

const camelCase = (column: string) => column.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** Reads a page of what some tables hold on a person. */
export async function findPersonalData(
  tx: Reader,
  tables: readonly PersonalTable[],
  person: Person,
  page: number,
): Promise<PersonalData> {
  const records: Record<string, readonly PersonalRow[]> = {};
  let isEnd = true;
  for (const { type, table, where, key = ['id'], hidden = [] } of tables) {
    const found = await tx.rows<{ readonly row: PersonalRow }>({
      text: `SELECT to_jsonb(t) AS row FROM ${table} t WHERE tenant_id = $1 AND ${typed} AND (${where})
        ORDER BY ${key.join(', ')} LIMIT ${erasureLimit} OFFSET $5::int`,
      values: [...valuesOf(tx, person), page * erasureLimit],
    });
    if (found.length === erasureLimit) isEnd = false;
    const isShown = ([column]: readonly [string, unknown]) => column !== 'tenant_id' && !hidden.includes(column);
    const shown = found.map(({ row }) => Object.entries(row).filter(isShown));
    if (shown.length === 0) continue;
    records[type] = shown.map((row) => Object.fromEntries(row.map(([column, value]) => [camelCase(column), value])));
  }
  return { records, isEnd };
}

/** Takes away rows of a table about a person, so many at once; gives what they were. */
export async function deletePersonalRows(
  tx: Reader,
  { table, where, key = ['id'] }: PersonalTable,
  person: Person,
  limit = erasureLimit,
): Promise<readonly PersonalRow[]> {
  const columns = ['tenant_id', ...key].join(', ');
  const rows = await tx.rows<{ readonly row: PersonalRow }>({
    text: `DELETE FROM ${table} d WHERE (${columns}) IN (
        SELECT ${columns} FROM ${table} t WHERE tenant_id = $1 AND ${typed} AND (${where})
        ORDER BY ${key.join(', ')} LIMIT ${limit})
      RETURNING to_jsonb(d) AS row`,
    values: valuesOf(tx, person),
  });
  return rows.map(({ row }) => row);
}

/** Changes rows of a table about a person, so many at once, so that they say nothing of them; gives what they are now. */
export async function anonymisePersonalRows(
  tx: Reader,
  { table, where, key = ['id'] }: PersonalTable,
  person: Person,
  assignments: string,
): Promise<readonly PersonalRow[]> {
  const columns = ['tenant_id', ...key].join(', ');
  const rows = await tx.rows<{ readonly row: PersonalRow }>({
    text: `UPDATE ${table} u SET ${assignments} WHERE (${columns}) IN (
        SELECT ${columns} FROM ${table} t WHERE tenant_id = $1 AND ${typed} AND (${where})
        ORDER BY ${key.join(', ')} LIMIT ${erasureLimit})
      RETURNING to_jsonb(u) AS row`,
    values: valuesOf(tx, person),
  });
  return rows.map(({ row }) => row);
}
