import type { Publish } from '../audit/mutation-run.ts';
import { refusalOf } from '../data/database-errors.ts';
import type { PrismaClientLike, TenantTransaction } from '../data/tenant-database.ts';
import type { AppContext } from './app.ts';
import { type CommandResult, done, refused, type UserError } from './input.ts';

/** What it means to the sender of an input when a constraint, named as in the database, refuses a write. */
export type ConstraintMeanings = Readonly<Record<string, UserError>>;

type Refused = Extract<CommandResult<never>, { readonly ok: false }>;

/** Thrown inside a transaction to roll it back once a command has been refused. */
class Refusal extends Error {
  readonly result: Refused;

  constructor(result: Refused) {
    super('A command was refused.');
    this.result = result;
  }
}

/**
 * Runs the writes of a command in one transaction, together with the record of its mutation and the changes that it
 * publishes; one that publishes none has to say that it found nothing to change. Whatever it refuses, and whatever a
 * known constraint refuses, comes back as `userErrors`, and nothing is written. What the request has loaded before is
 * forgotten, so that the payload, and the next mutation of the same operation, read what is there now.
 */
export async function runCommand<Client extends PrismaClientLike, Loaders, T>(
  context: Pick<AppContext<Client, Loaders>, 'mutation' | 'forgetLoaded'>,
  constraints: ConstraintMeanings,
  work: (tx: TenantTransaction<Client>, publish: Publish) => Promise<CommandResult<T>>,
): Promise<CommandResult<T>> {
  if (!context.mutation) throw new Error('A command runs in a mutation only: what it writes has to be recorded.');
  try {
    const written = await context.mutation.write(async (tx, publish) => {
      let published = 0;
      const result = await work(tx, (change) => {
        published += 1;
        publish(change);
      });
      if (!result.ok) throw new Refusal(result);
      if (published === 0 && !result.isUnchanged) throw new Error('A command wrote something and published no change.');
      return result;
    });
    context.forgetLoaded();
    return done(written.value);
  } catch (error) {
    if (error instanceof Refusal) return error.result;
    const refusal = refusalOf(error);
    const meaning = refusal && 'constraint' in refusal ? constraints[refusal.constraint] : undefined;
    if (meaning) return { ok: false, userErrors: [meaning] };
    throw error;
  }
}

/** The refusal of a command that names a record which the tenant does not have. */
export function notFound(field: string, noun: string): CommandResult<never> {
  return refused('NOT_FOUND', field, `There is no ${noun} with this id.`);
}

/** The refusal of a change that was made on an older version than the record has. */
export function staleVersion(current: number): CommandResult<never> {
  return refused(
    'CONFLICT',
    'baseVersion',
    `The record has changed since: it has version ${current} now. Read it again.`,
  );
}
