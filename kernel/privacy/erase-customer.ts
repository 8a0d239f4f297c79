import type { Publish } from '../audit/mutation-run.ts';
import type { PrismaClientLike, TenantTransaction } from '../data/tenant-database.ts';
import type { AppContext } from '../subgraph/app.ts';
import { runCommand } from '../subgraph/command.ts';
import { type CommandResult, done, unchanged } from '../subgraph/input.ts';
import {
  erasureLimit,
  findPersonalData,
  type Person,
  type PersonalData,
  type PersonalTable,
  wordsFor,
} from './personal-records.ts';

/** What became of the records of one type. */
export interface ErasedRecords {
  readonly type: string;
  readonly outcome: 'ERASED' | 'ANONYMISED' | 'KEPT';
  readonly count: number;
  /** Why they were kept. */
  readonly reason?: string;
}

/** What an app did to the records of a person; not all of it where there are very many. */
export interface Erasure {
  readonly records: readonly ErasedRecords[];
  readonly isDone: boolean;
}

/** What one transaction of an erasure came to. */
export interface ErasureStep {
  readonly records: readonly ErasedRecords[];
  /** Whose keys are destroyed: nothing that the log tells of them can be read any more. */
  readonly subjects: readonly string[];
}

/** How an app knows people, and how it forgets one. */
export interface PersonalApp<Client extends PrismaClientLike> {
  readonly app: string;
  readonly tables: readonly PersonalTable[];
  /** Erases so many records of each type as `erasureLimit` says, and publishes that. */
  readonly erase: (tx: TenantTransaction<Client>, publish: Publish, person: Person) => Promise<ErasureStep>;
}

/** Reads a page of what an app holds on a person. */
export function readCustomerData<Client extends PrismaClientLike, Loaders>(
  { tables }: Pick<PersonalApp<Client>, 'tables'>,
  { database, tenantId }: AppContext<Client, Loaders>,
  person: Person,
  page: number,
): Promise<PersonalData> {
  return database.read({ tenantId }, (tx) => findPersonalData(tx, tables, person, page));
}

/**
 * Erases what an app holds on a person, in one transaction: the records, what was pushed in vain and kept, and the keys of
 * what the log tells of them. Whoever asks does so again until it is done.
 */
export async function erasePersonalData<Client extends PrismaClientLike>(
  { app, tables, erase }: PersonalApp<Client>,
  tx: TenantTransaction<Client>,
  publish: Publish,
  person: Person,
): Promise<Erasure> {
  const { records, subjects } = await erase(tx, publish, person);
  const others: ErasedRecords[] = [
    { type: 'keys of the change log', outcome: 'ERASED', count: await destroyKeys(tx, app, subjects) },
    {
      type: 'refused changes of offline clients',
      outcome: 'ERASED',
      count: await dropRejections(tx, app, person, subjects),
    },
  ];
  const kept = await countKept(tx, tables, person);
  return {
    records: [...records, ...others, ...kept].filter(({ count }) => count > 0),
    isDone: records.every(({ count }) => count < erasureLimit),
  };
}

/** The same as a command of an app. */
export function eraseCustomerData<Client extends PrismaClientLike, Loaders>(
  app: PersonalApp<Client>,
  context: AppContext<Client, Loaders>,
  person: Person,
): Promise<CommandResult<Erasure>> {
  return runCommand(context, {}, async (tx, publish) => {
    let published = 0;
    const count: Publish = (change) => {
      published += 1;
      publish(change);
    };
    const erasure = await erasePersonalData(app, tx, count, person);
    context.sealKeys.forget(tx.tenantId);
    return published > 0 ? done(erasure) : unchanged(erasure);
  });
}

type Sender = Pick<TenantTransaction<PrismaClientLike>, 'tenantId' | 'rows'>;

async function destroyKeys(tx: Sender, app: string, subjects: readonly string[]): Promise<number> {
  const [row] = await tx.rows<{ readonly destroyed: number }>({
    text: 'SELECT platform.destroy_seal_keys($1, $2::text[]) AS destroyed',
    values: [app, [...subjects]],
  });
  return row?.destroyed ?? 0;
}

/** Drops what clients pushed in vain: for these records, or with what the person is called in it. */
async function dropRejections(tx: Sender, app: string, person: Person, ids: readonly string[]): Promise<number> {
  const [row] = await tx.rows<{ readonly dropped: number }>({
    text: 'SELECT platform.drop_rejections($1, $2::text[], $3::text[]) AS dropped',
    values: [app, [...ids, person.customerId], wordsFor(person)],
  });
  return row?.dropped ?? 0;
}

async function countKept(tx: Sender, tables: readonly PersonalTable[], person: Person): Promise<ErasedRecords[]> {
  const kept = tables.filter(({ keptBecause }) => keptBecause !== undefined);
  const { records } = await findPersonalData(tx, kept, person, 0);
  return kept.map(({ type, keptBecause = '' }) => {
    return { type, outcome: 'KEPT', count: records[type]?.length ?? 0, reason: keptBecause };
  });
}
