import { PrismaClient } from '../../generated/prisma/security/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { createSecurityLoaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';

/** Who did what in the tenant. */
export const security = defineApp({
  name: 'security',
  directory: new URL('./', import.meta.url),
  resolvers,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createSecurityLoaders,
  readsAudit: true,
});
