import { PrismaClient } from '../../generated/prisma/documents/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { insertDemo } from './demo.ts';
import { events } from './events.ts';
import { createDocumentsLoaders } from './loaders.ts';
import { resolvers } from './resolvers.ts';

/** Folders and documents of customers, their processing, and what they take up. */
export const documents = defineApp({
  name: 'documents',
  directory: new URL('./', import.meta.url),
  resolvers,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createDocumentsLoaders,
  insertDemo,
  events,
});
