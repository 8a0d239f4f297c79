import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyDemoDirectory } from './demo-directory.ts';
import { type PanoramaProcess, startPanorama } from './panorama-process.ts';

/** A GraphQL answer over HTTP. */
export interface HttpAnswer<Data = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Data;
  readonly errors?: readonly { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
}

/** What a request sends beside the operation; no key means no credential. */
export interface Sender {
  readonly key?: string;
  readonly app?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `panorama start` as a process of its own. */
export interface PlatformProcess extends PanoramaProcess {
  post<Data = Record<string, unknown>>(query: string, variables?: object, sender?: Sender): Promise<HttpAnswer<Data>>;
}

/**
 * A data directory that is removed with `remove`: empty, or with demo data. A platform that makes these needs seconds, so
 * all tests of a run start from copies of one.
 */
export async function createDataDirectory({ demo = false } = {}): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'panorama-'));
  if (demo) await copyDemoDirectory(path);
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

async function readAnswer<Data>(response: Response): Promise<HttpAnswer<Data>> {
  const body = (await response.json()) as Pick<HttpAnswer<Data>, 'data' | 'errors'>;
  return { status: response.status, headers: response.headers, ...body };
}

/** A platform with demo data, on a data directory of its own. */
export interface DemoPlatform extends PlatformProcess {
  readonly directory: string;
  /** Ends the process, removes the directory, and gives the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `panorama start` on demo data; `settings` are its environment. */
export async function startDemoPlatform(settings: Readonly<Record<string, string>> = {}): Promise<DemoPlatform> {
  const directory = await createDataDirectory({ demo: true });
  try {
    const platform = await startPlatformProcess(directory.path, [], settings);
    const stop = async () => {
      const code = await platform.end('SIGTERM');
      await directory.remove();
      return code;
    };
    return { ...platform, directory: directory.path, stop };
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

/** Starts `panorama start` on a free port and a data directory, and waits until it serves. `settings` are its environment. */
export async function startPlatformProcess(
  dataDirectory: string,
  args: readonly string[] = [],
  settings: Readonly<Record<string, string>> = {},
): Promise<PlatformProcess> {
  const process = await startPanorama(['start', '--port', '0', '--data-dir', dataDirectory, ...args], {
    directory: dataDirectory,
    settings,
  });
  return {
    ...process,
    async post(query, variables = {}, { key = 'demo-acme-admin', app, headers = {} } = {}) {
      const response = await fetch(`${process.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(key && { 'x-tenant-key': key }),
          ...(app && { 'x-source-app': app }),
          ...headers,
        },
        body: JSON.stringify({ query, variables }),
      });
      return readAnswer(response);
    },
  };
}
