import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { type BackupEnd, type BackupManifest, backupFormat, type TableHeader } from './backup-format.ts';
import { BackupRefused } from './backup-refused.ts';

/** The parts of a backup, in their order. Rows are the lines of the table before them, some at a time. */
export type BackupPart =
  | { readonly kind: 'manifest'; readonly manifest: BackupManifest }
  | { readonly kind: 'table'; readonly header: TableHeader }
  | { readonly kind: 'rows'; readonly lines: readonly string[] };

const migration = z.object({ name: z.string(), checksum: z.string() });
const manifestLine: z.ZodType<BackupManifest> = z.object({
  panorama: z.literal('backup'),
  format: z.number(),
  tenant: z.string(),
  at: z.iso.datetime(),
  migrations: z.record(z.string(), z.array(migration)),
  log: z.object({ epoch: z.uuid(), head: z.int(), floor: z.int() }),
});
const tableLine: z.ZodType<TableHeader> = z.object({ table: z.string(), columns: z.array(z.string()) });
const endLine: z.ZodType<BackupEnd> = z.object({ rows: z.record(z.string(), z.int()), sha256: z.string() });

/** What is in memory at a time, in characters; a single line may be longer. */
const mostTogether = 1_000_000;
const longestLine = 128 * 1024 * 1024;

const damaged = (what: string, options?: ErrorOptions) =>
  new BackupRefused(`The backup is damaged: ${what}. Nothing was restored.`, options);

/** The lines of a gzipped file. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const packed = createReadStream(file);
  const text = packed.pipe(createGunzip()).setEncoding('utf8');
  packed.on('error', (error) => text.destroy(error));
  let rest = '';
  try {
    for await (const piece of text as AsyncIterable<string>) {
      const lines = `${rest}${piece}`.split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > longestLine) throw damaged('a line of it has no end');
      yield* lines;
    }
  } finally {
    packed.destroy();
  }
  if (rest !== '') throw damaged('it ends within a line');
}

function parseLine<T>(schema: z.ZodType<T>, line: string): T {
  try {
    return schema.parse(JSON.parse(line));
  } catch (cause) {
    throw damaged('a line of it says nothing that is known', { cause });
  }
}

function readManifest(line: string): BackupManifest {
  const manifest = parseLine(manifestLine, line);
  if (manifest.format === backupFormat) return manifest;
  throw new BackupRefused(`The backup is of the format ${manifest.format}; this version reads ${backupFormat}.`);
}

/** What was counted and digested on the way is what the end says. */
function checkEnd(end: BackupEnd, rows: ReadonlyMap<string, number>, sha256: string): void {
  if (end.sha256 !== sha256) throw damaged('its checksum is another');
  const names = Object.keys(end.rows);
  if (names.length !== rows.size || names.some((name) => end.rows[name] !== rows.get(name))) {
    throw damaged('rows of it are missing');
  }
}

/**
 * Reads a backup part by part. Only when the last part was read without an error is the file whole: until then nothing that
 * it says is to be believed.
 *
 * @throws {BackupRefused} for a file that cannot be read, is damaged, or is of another format
 */
export async function* readBackup(file: string): AsyncGenerator<BackupPart> {
  try {
    yield* partsOf(linesOf(file));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') {
      throw new BackupRefused(`The file ${file} cannot be read (${code}).`, { cause });
    }
    if (typeof code === 'string' && code.startsWith('Z_')) throw damaged('it cannot be unpacked', { cause });
    throw cause;
  }
}

/** Reads a backup to its end, and gives its manifest: from then on its lines are known to be what was written. */
export async function verifyBackup(file: string): Promise<BackupManifest> {
  let manifest: BackupManifest | undefined;
  for await (const part of readBackup(file)) if (part.kind === 'manifest') manifest = part.manifest;
  if (!manifest) throw damaged('it is empty');
  return manifest;
}

async function* partsOf(lines: AsyncGenerator<string>): AsyncGenerator<BackupPart> {
  const digest = createHash('sha256');
  const rows = new Map<string, number>();
  const first = await lines.next();
  if (first.done) return;
  yield { kind: 'manifest', manifest: readManifest(first.value) };
  digest.update(`${first.value}\n`);
  let table = '';
  let held: string[] = [];
  let heldLength = 0;
  let isEnded = false;
  for await (const line of lines) {
    if (isEnded) throw damaged('it goes on after its end');
    const isRow = line.startsWith('[');
    if ((!isRow || heldLength > mostTogether) && held.length > 0) {
      yield { kind: 'rows', lines: held };
      held = [];
      heldLength = 0;
    }
    if (isRow) {
      if (table === '') throw damaged('it has rows of no table');
      held.push(line);
      heldLength += line.length;
      rows.set(table, (rows.get(table) ?? 0) + 1);
    } else if (line.startsWith('{"table":')) {
      const header = parseLine(tableLine, line);
      table = header.table;
      if (rows.has(table)) throw damaged('it has a table twice');
      rows.set(table, 0);
      yield { kind: 'table', header };
    } else {
      isEnded = true;
      checkEnd(parseLine(endLine, line), rows, digest.digest('hex'));
      continue;
    }
    digest.update(`${line}\n`);
  }
  if (!isEnded) throw damaged('its end is missing');
}
