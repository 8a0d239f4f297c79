import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoKeys } from '../../cli/demo/tenants.ts';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { digestApiKey } from '../../kernel/tenancy/api-key.ts';
import { discardOutput, type Kept, outputDirectoryVariable, type PlatformSecrets } from './output-of-run.ts';

/** What is a secret wherever it stands. */
const forms: Readonly<Record<string, RegExp>> = {
  'an API key': /pk_[a-z0-9]{8}_[\w-]{43}/,
  'a signed token': /eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{16,}/,
  'a connection string with a password': /\b[a-z]+:\/\/[^\s:@/"'\\]+:[^\s:@/"'\\]+@/,
  'a password as Postgres keeps it': /SCRAM-SHA-256\$\d+:/,
  'a digest as Postgres shows it': /\\x[0-9a-f]{64}/,
  'a private key': /BEGIN [A-Z ]*PRIVATE KEY/,
};

/** The keys of the demo data are known to everybody; they are shown where the platform starts, and nowhere else. */
const demoKey = new RegExp(demoKeys.map(({ key }) => key).join('|'));
const showsDemoKeys = /: standard output$/;

const apps = readdirSync(new URL('../../prisma/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** The texts that are secret of a platform, with what they are. */
function* textsOf({ secret, ownerUrl, rolePrefix }: PlatformSecrets): Generator<readonly [text: string, name: string]> {
  if (secret !== undefined) {
    yield [secret, 'the secret of a platform'];
    for (const { key } of demoKeys) {
      const digest = digestApiKey(secret, key);
      for (const encoding of ['hex', 'base64', 'base64url'] as const) yield [digest.toString(encoding), 'a digest'];
    }
  }
  if (ownerUrl === undefined || !URL.canParse(ownerUrl)) return;
  const password = decodeURIComponent(new URL(ownerUrl).password);
  if (password.length >= 12) yield [password, 'the password of an owner'];
  if (secret === undefined) return;
  for (const app of apps) {
    const url = connectionStringFor(ownerUrl, { app, secret, rolePrefix });
    yield [decodeURIComponent(new URL(url).password), 'the password of a role'];
  }
}

/** Looks through what was kept in a folder: each line says what secret is in whose output. */
export function findSecrets(directory: string): string[] {
  const kept = readdirSync(directory).flatMap((file) => readKept(join(directory, file)));
  const known = new Map(kept.flatMap((one) => (one.kind === 'secrets' ? [...textsOf(one.of)] : [])));
  const found = kept.flatMap((one) => (one.kind === 'output' ? secretsIn(one.source, one.text, known) : []));
  return [...new Set(found)];
}

function readKept(file: string): Kept[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Kept);
}

function secretsIn(source: string, text: string, known: ReadonlyMap<string, string>): string[] {
  const forbidden = { ...forms, ...(!showsDemoKeys.test(source) && { 'a demo key': demoKey }) };
  const places = [
    ...Object.entries(forbidden).map(([name, form]) => [name, text.search(form)] as const),
    ...[...known].map(([value, name]) => [name, text.indexOf(value)] as const),
  ];
  return places
    .filter(([, at]) => at >= 0)
    .map(([name, at]) => `${name} in ${source}: ${JSON.stringify(text.slice(Math.max(0, at - 80), at + 24))}`);
}

/** Ends the keeping of a run. Throws when a secret is in anything that was kept. */
export function endOutput(): void {
  const directory = process.env[outputDirectoryVariable];
  if (!directory) return;
  try {
    const found = findSecrets(directory);
    if (found.length > 0) throw new Error(`Secrets came out:\n  ${found.join('\n  ')}`);
  } finally {
    discardOutput();
  }
}
