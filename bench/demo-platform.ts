import { createDataDirectory } from '../test/support/platform.ts';
import { type FedServer, startFedServer } from './feed/crowd.ts';

/** Keys that may do everything in their tenant: the one that is measured, and one that has nothing to do with it. */
export const key = 'demo-acme-admin';
export const otherKey = 'demo-globex-admin';

/** Sends an operation as a client would; rejects for anything but an answer without errors. */
export async function post<Data>(url: string, ofKey: string, query: string, variables: object): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-tenant-key': ofKey },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors) throw new Error(`Answered with ${JSON.stringify(errors)}`);
  return data;
}

/** Measures a whole platform with demo data: one process on its own Postgres, which ends when the work does. */
export async function measureOn<Result>(work: (platform: FedServer) => Promise<Result>): Promise<Result> {
  const directory = await createDataDirectory();
  const platform = await startFedServer(new URL('feed/platform-process.ts', import.meta.url), [directory.path]);
  try {
    return await work(platform);
  } finally {
    await platform.stop();
    await directory.remove();
  }
}
