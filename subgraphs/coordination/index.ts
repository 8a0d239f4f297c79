import { PrismaClient } from '../../generated/prisma/coordination/client.ts';
import { defineApp } from '../../kernel/subgraph/app.ts';
import { insertDemo } from './demo.ts';
import { events } from './events.ts';
import { createCoordinationLoaders } from './loaders.ts';
import { queues } from './queues/queue-table.ts';
import { startQueueWorker } from './queues/worker.ts';
import { resolvers } from './resolvers.ts';
import { afterRestore } from './workflows/after-restore.ts';
import { dbosSchema } from './workflows/dbos-schema.ts';
import { workflows } from './workflows/definitions.ts';
import { startWorkflowEngine } from './workflows/engine.ts';

/** What follows from the data of several apps together, and what concerns them all. */
export const coordination = defineApp({
  name: 'coordination',
  directory: new URL('./', import.meta.url),
  resolvers,
  createClient: (adapter) => new PrismaClient({ adapter }),
  createLoaders: createCoordinationLoaders,
  insertDemo,
  keepsSync: true,
  engine: dbosSchema,
  afterRestore,
  events,
  startBackground(parts) {
    const engine = startWorkflowEngine(parts, workflows);
    const worker = startQueueWorker(parts, { queues, workflows });
    return {
      async stop() {
        await worker.stop();
        await engine.stop();
      },
    };
  },
});
