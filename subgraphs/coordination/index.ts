import { PrismaClient } from '../../generated/prisma/coordination/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { createCoordinationLoaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';

/** What follows from the data of several apps together, and what concerns them all. */
export const coordination = defineApp({
  name: 'coordination',
  directory: new URL('./', import.meta.url),
  resolvers,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createCoordinationLoaders,
  keepsSync: true,
});
