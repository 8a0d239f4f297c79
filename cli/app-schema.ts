import type { AppSchema } from '../kernel/data/migrations/read-migrations.ts';
import type { App } from '../kernel/subgraph/app.ts';

/** An app's part of the database, and what its role may do with what belongs to the platform. */
export function appSchema({ name, readsAudit, keepsSync, engine }: App): AppSchema {
  return {
    name,
    migrationsDirectory: new URL(`../prisma/${name}/migrations/`, import.meta.url),
    audit: readsAudit ? 'reader' : undefined,
    sync: keepsSync ? 'keeper' : undefined,
    engine,
  };
}
