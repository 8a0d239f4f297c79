import DataLoader from 'dataloader';
import type { PrismaClientLike, TenantTransaction } from './tenant-database.ts';

/** Does something for many at once, with as many statements as for one. Gives a result for each, in their order. */
export type ForMany<Client extends PrismaClientLike, Input, Output> = (
  tx: TenantTransaction<Client>,
  inputs: readonly Input[],
) => Promise<readonly Output[]>;

interface Gathering {
  readonly loaders: Map<unknown, DataLoader<unknown, unknown>>;
  /** What is known before it is asked for, by what is asked and for which input. */
  readonly foreseen: Map<unknown, Map<unknown, unknown>>;
}
const gatherings = new WeakMap<object, Gathering>();

/** A transaction in which work runs side by side: what several pieces of it ask for by `together` goes to the database at once. */
export function gatherWork<Client extends PrismaClientLike>(tx: TenantTransaction<Client>): TenantTransaction<Client> {
  const gathering = { ...tx };
  gatherings.set(gathering, { loaders: new Map(), foreseen: new Map() });
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
  const foreseen = gathering.foreseen.get(forMany);
  if (foreseen?.has(input)) {
    const output = foreseen.get(input) as Output;
    foreseen.delete(input);
    return output;
  }
  const known = gathering.loaders.get(forMany) as DataLoader<Input, Output> | undefined;
  const loader = known ?? new DataLoader<Input, Output>((inputs) => forMany(tx, inputs), { cache: false });
  if (!known) gathering.loaders.set(forMany, loader as DataLoader<unknown, unknown>);
  return await loader.load(input);
}

/** Has `together` answer once, in gathered work, what was found just before it is asked for. */
export function foresee<Client extends PrismaClientLike, Input, Output>(
  tx: TenantTransaction<Client>,
  forMany: ForMany<Client, Input, Output>,
  found: Iterable<readonly [Input, Output]>,
): void {
  gatherings.get(tx)?.foreseen.set(forMany, new Map(found));
}

/** Forgets what was foreseen and not asked for: what is written from now on may change it. */
export function forgetForeseen<Client extends PrismaClientLike>(tx: TenantTransaction<Client>): void {
  gatherings.get(tx)?.foreseen.clear();
}
