import type { UnplacedChange } from '../changes/insert-changes.ts';
import { shareColumns } from '../data/shared-columns.ts';
import type { PrismaClientLike, SqlStatement, TenantTransaction } from '../data/tenant-database.ts';
import { digestMutation, type MutationResult, type PushedMutation, type SettledStatus } from './pushed-mutation.ts';

/** What the platform keeps of a mutation that was settled. */
interface ResultRow {
  readonly mutation_id: number;
  readonly digest: string;
  readonly status: SettledStatus;
  readonly version: number | null;
  readonly code: string | null;
  readonly field: string | null;
  readonly message: string | null;
}

/** What is known of a client when a push begins. */
export interface KnownClient {
  /** To whom the client id belongs. */
  readonly holder: string;
  readonly lastMutationId: number;
  /** Of the ids of the push, those that were settled before. */
  readonly settled: ReadonlyMap<number, ResultRow>;
}

/** Whose push it is, and for which app. */
export interface PushPlace {
  readonly app: string;
  readonly clientId: string;
  readonly holder: string;
}

/** Begins a push in its transaction: waits for others of the client, and makes it known (`platform.begin_push`). */
export async function beginPush<Client extends PrismaClientLike>(
  tx: TenantTransaction<Client>,
  { app, clientId, holder }: PushPlace,
  ids: { readonly first: number; readonly last: number },
): Promise<KnownClient> {
  interface Row {
    readonly holder: string;
    readonly last_mutation_id: number;
    readonly results: readonly ResultRow[];
  }
  const [row] = await tx.rows<Row>({
    text: 'SELECT holder, last_mutation_id, results FROM platform.begin_push($1, $2, $3, $4::integer, $5::integer)',
    values: [app, clientId, holder, ids.first, ids.last],
  });
  if (!row) throw new Error('A push found no client, not even the one it made.');
  const settled = new Map(row.results.map((one) => [one.mutation_id, one]));
  return { holder: row.holder, lastMutationId: row.last_mutation_id, settled };
}

/** The result of a mutation that was settled before: what was not done then stays what it was. */
export function duplicateOf(id: number, row: ResultRow | undefined): MutationResult {
  if (!row) return { id, status: 'DUPLICATE' };
  const { status, version, code, field, message } = row;
  if (status === 'APPLIED' || status === 'MERGED') {
    return { id, status: 'DUPLICATE', original: status, version: version ?? undefined };
  }
  return { id, status, code: code ?? undefined, field: field ?? undefined, message: message ?? undefined };
}

/** A mutation and what came of it. */
export interface Settled {
  readonly mutation: PushedMutation;
  readonly result: MutationResult;
  readonly changes: readonly UnplacedChange[];
}

/** What Postgres keeps in no text, and a client may send: NUL, and half a surrogate pair. */
function storable(_name: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '\ufffd').toWellFormed() : value;
}

const isInVain = ({ result: { status } }: Settled) => status === 'REJECTED' || status === 'CONFLICT';

const resultColumns = {
  ...{ mutation_id: 'integer', digest: 'text', status: 'text', version: 'integer' },
  ...{ code: 'text', field: 'text', message: 'text' },
};
const resultNames = Object.keys(resultColumns) as (keyof typeof resultColumns)[];
const resultFields = Object.fromEntries(resultNames.map((name) => [name, name]));
const resultRow = `(${Object.entries(resultColumns)
  .map((column) => column.join(' '))
  .join(', ')})`;
const keepResults = `INSERT INTO platform.sync_results (tenant_id, client_id, app, ${resultNames.join(', ')})
  SELECT $1, $2, $3, ${resultNames.map((name) => `coalesce(own.${name}, shared.${name})`).join(', ')}
  FROM jsonb_to_recordset($4::jsonb) AS own ${resultRow}, jsonb_to_record($5::jsonb) AS shared ${resultRow}`;

/** The statements that keep what came of the mutations of a push, and those in whole that came to nothing. */
export function insertResults(
  tenantId: string,
  { app, clientId }: PushPlace,
  settled: readonly Settled[],
): readonly SqlStatement[] {
  const place = [tenantId, clientId, app];
  const results = settled.map(({ mutation, result: { id, status, version, code, field, message } }) => ({
    mutation_id: id,
    digest: digestMutation(mutation),
    ...{ status, version, code, field, message },
  }));
  const { own, shared } = shareColumns(results, resultFields);
  const keeping: SqlStatement = {
    text: keepResults,
    values: [...place, JSON.stringify(own, storable), JSON.stringify(shared, storable)],
  };
  const inVain = settled.filter(isInVain).map(({ mutation, result }) => ({
    mutation_id: mutation.id,
    mutation,
    server_record: result.serverRecord ?? null,
  }));
  if (inVain.length === 0) return [keeping];
  const rejecting: SqlStatement = {
    text: `INSERT INTO platform.sync_rejections (tenant_id, client_id, app, mutation_id, mutation, server_record)
      SELECT $1, $2, $3, mutation_id, mutation, server_record FROM jsonb_to_recordset($4::jsonb) AS row
        (mutation_id integer, mutation jsonb, server_record jsonb)`,
    values: [...place, JSON.stringify(inVain, storable)],
  };
  return [keeping, rejecting];
}
