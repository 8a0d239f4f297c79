import type { ListedApiKey } from '../subgraphs/users/key-desk.ts';
import { statusOf } from '../subgraphs/users/store/keys.ts';
import type { ApiKeyModel } from '../subgraphs/users/store.ts';

const list = (values: readonly string[]) => values.join(' ') || '-';
const day = (instant: Date | null) => instant?.toISOString().slice(0, 16).concat('Z') ?? '-';

/** What `panorama keys create` says of a key beside the key itself. */
export function describeNewKey(key: ApiKeyModel, roles: readonly string[]): string {
  return [
    '',
    `The key ${key.prefix} of the tenant ${key.tenantId}: copy it now, it is not shown again.`,
    '',
    `  Name         ${key.name}`,
    `  Apps         ${list(key.allowedApps)}`,
    `  Permissions  ${list(key.permissions)}`,
    `  Roles        ${list(roles)}`,
    `  Expires      ${key.expiresAt ? day(key.expiresAt) : 'never'}`,
    `  Rate limit   ${key.rateLimit === null ? 'as the platform has it' : `${key.rateLimit} a minute`}`,
    '',
  ].join('\n');
}

/** The keys of a tenant as a table, the latest first. */
export function listText(keys: readonly ListedApiKey[], now: Date): string {
  if (keys.length === 0) return 'The tenant has no keys.\n';
  const head = ['PREFIX', 'STATUS', 'CREATED', 'EXPIRES', 'NAME', 'APPS', 'PERMISSIONS', 'ROLES'];
  const rows = keys.map((key) => [
    key.prefix,
    statusOf(key, now),
    day(key.createdAt),
    day(key.expiresAt),
    key.name,
    list(key.allowedApps),
    list(key.permissions),
    list(key.roles),
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [head, ...rows].map((row) => `${line(row)}\n`).join('');
}
