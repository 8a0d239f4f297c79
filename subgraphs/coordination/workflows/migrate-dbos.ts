import { workerData } from 'node:worker_threads';
import { migrate } from './dbos.ts';

// In a thread of its own: its memory is given back, and what it prints is not for whoever reads our output.
const { databaseUrl, role } = workerData as { readonly databaseUrl: string; readonly role: string };
await migrate(databaseUrl, role);
