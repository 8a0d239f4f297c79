import { PrismaClient } from '../../generated/prisma/crm/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { insertDemo } from './demo.ts';
import { events } from './events.ts';
import { createCrmLoaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';
import { rules } from './rules.ts';

/** Leads, the contacts they become, the companies these work for, deals, and what was done about each. */
export const crm = defineApp({
  name: 'crm',
  directory: new URL('./', import.meta.url),
  resolvers,
  rules,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createCrmLoaders,
  insertDemo,
  events,
});
