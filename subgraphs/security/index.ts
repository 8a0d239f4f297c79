import { PrismaClient } from '../../generated/prisma/security/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { insertDemo } from './demo.ts';
import { createSecurityLoaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';

/** Incidents and the risk that they are, what audits came to, and who did what in the tenant. */
export const security = defineApp({
  name: 'security',
  directory: new URL('./', import.meta.url),
  resolvers,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createSecurityLoaders,
  readsAudit: true,
  insertDemo,
});
