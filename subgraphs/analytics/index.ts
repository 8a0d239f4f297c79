import { PrismaClient } from '../../generated/prisma/analytics/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { insertDemo } from './demo.ts';
import { events } from './events.ts';
import { createAnalyticsLoaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';

/** What customers do in the apps, what it says about them, and the metrics of the tenant. */
export const analytics = defineApp({
  name: 'analytics',
  directory: new URL('./', import.meta.url),
  resolvers,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createAnalyticsLoaders,
  insertDemo,
  events,
});
