import { PrismaClient } from '../../generated/prisma/users/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { insertDemo } from './demo.ts';
import { keyChanges } from './key-changes.ts';
import { createUsersLoaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';
import { rules } from './rules.ts';

/** Tenants, their client apps and API keys, people and their sessions. */
export const users = defineApp({
  name: 'users',
  directory: new URL('./', import.meta.url),
  resolvers,
  rules,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createUsersLoaders,
  auditKinds: keyChanges,
  insertDemo,
});
