/**
 * A backup of one tenant is a gzipped text of lines, each of which is JSON: the manifest; then for each table an object with
 * its name and columns, and for each of its rows an array with the values of these, as Postgres writes them as text (null for
 * NULL); and the end, which says how many rows there were and has the SHA-256 of all lines before it.
 */
export interface BackupManifest {
  readonly panorama: 'backup';
  readonly format: number;
  readonly tenant: string;
  /** The instant of which the rows are. */
  readonly at: string;
  /** The migrations that the database had, by schema: their names and what their files come to. */
  readonly migrations: Readonly<Record<string, readonly AppliedMigration[]>>;
  /** Where the change log of the tenant was: its epoch, its last number, and the last that was gone by its age. */
  readonly log: { readonly epoch: string; readonly head: number; readonly floor: number };
}

export interface AppliedMigration {
  readonly name: string;
  readonly checksum: string;
}

/** What the rows that follow are of. */
export interface TableHeader {
  /** With its schema: `crm.leads`. */
  readonly table: string;
  readonly columns: readonly string[];
}

/** The last line. */
export interface BackupEnd {
  readonly rows: Readonly<Record<string, number>>;
  /** In hex. */
  readonly sha256: string;
}

export const backupFormat = 1;
