import DataLoader from 'dataloader';
import type { PrismaClientLike, TenantTransaction } from './tenant-database.ts';

/** Does something for many at once, with as many statements as for one. Gives a result for each, in their order. */
export type ForMany<Client extends PrismaClientLike, Input, Output> = (
  tx: TenantTransaction<Client>,
  inputs: readonly Input[],
) => Promise<readonly Output[]>;

type Gathering = Map<unknown, DataLoader<unknown, unknown>>;
const gatherings = new WeakMap<object, Gathering>();

/** A transaction in which work runs side by side: what several pieces of it ask for by `together` goes to the database at once. */
export function gatherWork<Client extends PrismaClientLike>(tx: TenantTransaction<Client>): TenantTransaction<Client> {
  const gathering = { ...tx };
  gatherings.set(gathering, new Map());
  return gathering;
}

/**
 * Does something in a transaction, for one: by itself, or where work is gathered together with all who ask for the same
 * before any of them can go on.
 */
export async function together<Client extends PrismaClientLike, Input, Output>(
  tx: TenantTransaction<Client>,
  forMany: ForMany<Client, Input, Output>,
  input: Input,
): Promise<Output> {
  const gathering = gatherings.get(tx);
  if (!gathering) {
    const [output] = await forMany(tx, [input]);
    return output as Output;
  }
  const known = gathering.get(forMany) as DataLoader<Input, Output> | undefined;
  const loader = known ?? new DataLoader<Input, Output>((inputs) => forMany(tx, inputs), { cache: false });
  if (!known) gathering.set(forMany, loader as DataLoader<unknown, unknown>);
  return await loader.load(input);
}
