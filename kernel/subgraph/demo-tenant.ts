import type { TenantId } from '../tenancy/ids.ts';

/** A person of the demo data, the same for every app, so that the apps' demo rows belong together. */
export interface DemoPerson {
  /** 1, 2, ...: the place within the tenant. */
  readonly number: number;
  /** `cus_<tenant>_0001`, ... */
  readonly id: string;
  readonly tenantId: TenantId;
  readonly firstName: string;
  readonly lastName: string;
  readonly username: string;
  readonly email: string;
  readonly company: string;
  readonly createdAt: Date;
  /** Null when the person never logged in. */
  readonly lastLogin: Date | null;
  /** A generator of numbers from 0 up to 1 for one app's rows of this person; the same numbers on every machine. */
  readonly random: (app: string) => () => number;
}

/** An API key of the demo data. */
export interface DemoKey {
  readonly name: string;
  /** What the key begins with; shown in lists, never the key. */
  readonly prefix: string;
  /** 32 bytes, as `digestApiKey` makes them. */
  readonly digest: Uint8Array<ArrayBuffer>;
  readonly permissions: readonly string[];
  readonly allowedApps: readonly string[];
}

/** A tenant of the demo data. */
export interface DemoTenant {
  readonly id: TenantId;
  readonly name: string;
  readonly people: readonly DemoPerson[];
  readonly keys: readonly DemoKey[];
}

/** One of some values, chosen by a generator of numbers from 0 up to 1. */
export function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}
