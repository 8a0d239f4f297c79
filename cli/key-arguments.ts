import { SettingError } from '../kernel/config/setting-error.ts';
import { isTenantId, type TenantId } from '../kernel/tenancy/ids.ts';

/** The options of a command line as `parseArgs` gives them. */
export type Values = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The value of an option that cannot be left out. */
export function required(values: Values, name: string, meaning: string): string {
  const value = values[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new SettingError(`Say --${name}: ${meaning}.`);
}

const periodPattern = /^([1-9]\d{0,4})([mhd])$/;
const periodMillis = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const dayPattern = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?Z)?$/;

/** Reads `--expires`, when a key ends: an instant, a day (its first moment in UTC), or a period from now. Null without it. */
export function readEnd({ expires: written }: Values, now: Date): Date | null {
  if (typeof written !== 'string') return null;
  const [, count, unit] = periodPattern.exec(written) ?? [];
  if (count !== undefined) return new Date(now.getTime() + Number(count) * periodMillis[unit as 'm' | 'h' | 'd']);
  const instant = dayPattern.test(written) ? new Date(written) : undefined;
  if (instant && !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(written.slice(0, 10))) {
    return instant;
  }
  throw new SettingError(
    `--expires cannot be "${written}". Allowed: a period (90d, 12h, 30m), a day (2027-01-31), or an instant in UTC (2027-01-31T12:00Z).`,
  );
}

/** Reads `--rate-limit`, units of cost in a minute. Null without it. */
export function readRateLimit({ 'rate-limit': written }: Values): number | null {
  if (typeof written !== 'string') return null;
  if (/^\d{1,10}$/.test(written)) return Number(written);
  throw new SettingError(`--rate-limit cannot be "${written}". Allowed: units of cost in a minute, a whole number.`);
}

/** Reads `--tenant`. */
export function readTenant(values: Values): TenantId {
  const tenant = required(values, 'tenant', 'the id of the tenant that the keys belong to');
  if (isTenantId(tenant)) return tenant;
  throw new SettingError(
    `--tenant cannot be "${tenant}". Allowed: a lower-case letter, then lower-case letters, digits and hyphens.`,
  );
}

/** Reads `--new-tenant`, the name of a company. */
export function readTenantName(written: string): string {
  const name = written.trim();
  if (/^\P{Cc}{1,200}$/u.test(name)) return name;
  throw new SettingError('--new-tenant is the name of a company: 1 to 200 characters, no control characters.');
}
