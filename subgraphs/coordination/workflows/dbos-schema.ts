import { Worker } from 'node:worker_threads';
import type { EngineSchema } from '../../../kernel/data/engine-schema.ts';

/** The schema of DBOS. Its version goes with the version of the library; a test keeps the two together. */
export const dbosSchema: EngineSchema = {
  name: 'dbos',
  version: 123,
  async migrate(databaseUrl, role) {
    const worker = new Worker(new URL('./migrate-dbos.ts', import.meta.url), {
      workerData: { databaseUrl, role },
      stdout: true,
      stderr: true,
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    worker.once('error', reject);
    worker.once('exit', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`The schema of workflows was not made: the thread ended with ${code}.`)),
    );
    await promise;
  },
};
