import { discardDemoDirectory } from './demo-directory.ts';
import { endOutput } from './find-secrets.ts';

/** Ends what the global setup started. Fails the run when anything of ours has written a secret. */
export default async function teardown(): Promise<void> {
  await globalThis.panoramaTestServer?.stop();
  discardDemoDirectory();
  endOutput();
}
