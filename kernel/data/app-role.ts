import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import { StartRefused } from './start-refused.ts';

/** What the login role of an app is made from. */
export interface AppRoleSource {
  /** The name of the app, which is also the name of its schema. */
  readonly app: string;
  /** The installation's secret; role passwords are derived from it. */
  readonly secret: string;
  /** What role names begin with; by default the database's name. Roles belong to the whole server, not to a database. */
  readonly rolePrefix?: string | undefined;
}

const namePattern = /^[a-z][a-z0-9_]{0,30}$/;
/** Schemas that belong to no app. */
const takenNames: ReadonlySet<string> = new Set(['platform', 'public']);
const scramIterations = 4096;

/** Refuses names that are not plain SQL identifiers, or taken. */
export function assertAppName(app: string): void {
  if (takenNames.has(app)) throw new StartRefused(`No app can have the name "${app}".`, { app });
  if (namePattern.test(app)) return;
  throw new StartRefused(`The app name "${app}" must be 1 to 31 lower-case letters, digits and _, a letter first.`, {
    app,
  });
}

/** The name of an app's role: `<prefix>_<app>`. Postgres cuts names at 63 bytes, so longer ones are refused. */
export function roleNameFor(connectionString: string, { app, rolePrefix }: Omit<AppRoleSource, 'secret'>): string {
  assertAppName(app);
  const role = `${rolePrefix ?? databaseNameOf(connectionString)}_${app}`;
  if (Buffer.byteLength(role) > 63) {
    throw new StartRefused(`The role name "${role}" is longer than the 63 bytes that Postgres keeps.`, { role });
  }
  return role;
}

/**
 * The connection string of an app's role, for the same database as the owner's. It carries the schema as `?schema=`,
 * which is Prisma's convention and what `createTenantDatabase` reads.
 */
export function connectionStringFor(ownerUrl: string, source: AppRoleSource): string {
  const role = roleNameFor(ownerUrl, source);
  const url = new URL(ownerUrl);
  url.username = encodeURIComponent(role);
  url.password = rolePassword(role, source.secret);
  url.searchParams.set('schema', source.app);
  return url.href;
}

/** The name of the database that a connection string points at. */
export function databaseNameOf(connectionString: string): string {
  const name = decodeURIComponent(new URL(connectionString).pathname.slice(1));
  if (name === '')
    throw new StartRefused('The database connection string must name a database: postgresql://host/name');
  return name;
}

/** The password of a role: HMAC-SHA256 of its name with the installation's secret. */
export function rolePassword(role: string, secret: string): string {
  return createHmac('sha256', secret).update(`database role ${role}`).digest('base64url');
}

/**
 * What Postgres stores of a SCRAM-SHA-256 password (RFC 5803), so that the password itself is in no statement and no
 * server log. The salt is derived too: every start writes the same value.
 */
export function passwordVerifier(role: string, secret: string): string {
  const salt = createHmac('sha256', secret).update(`database salt ${role}`).digest().subarray(0, 16);
  const salted = pbkdf2Sync(rolePassword(role, secret), salt, scramIterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${scramIterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
