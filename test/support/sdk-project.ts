import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { root } from './source-files.ts';

const run = promisify(execFile);

/** A project of somebody else, with the package of the client installed and nothing of the platform. */
export interface SdkProject {
  write(name: string, text: string): Promise<void>;
  /** Runs the TypeScript compiler; gives what it complains of. */
  compile(): Promise<string>;
  /** Runs a file on Node; gives what it prints. */
  run(name: string): Promise<string>;
  remove(): Promise<void>;
}

const settings = {
  compilerOptions: {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    target: 'es2024',
    lib: ['es2024', 'dom'],
    module: 'nodenext',
    types: [],
  },
};

/** Makes one in a temporary directory; `others` are packages that it has beside the client. */
export async function makeSdkProject(others: readonly string[] = []): Promise<SdkProject> {
  const folder = await mkdtemp(join(tmpdir(), 'panorama-project-'));
  const modules = join(folder, 'node_modules');
  await cp(join(root, 'generated/sdk'), join(modules, 'panorama'), { recursive: true });
  for (const name of others) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  await write('package.json', '{"type": "module"}');
  await write('tsconfig.json', JSON.stringify(settings));
  return {
    write,
    async compile() {
      const compiler = join(root, 'node_modules/typescript/bin/tsc');
      const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch((failure) => failure);
      return stdout;
    },
    async run(name) {
      const { stdout } = await run(process.execPath, [name], { cwd: folder });
      return stdout;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The TypeScript of the client's README, in its order. */
export async function readmeSnippets(): Promise<readonly string[]> {
  const text = await readFile(join(root, 'clients/sdk/README.md'), 'utf8');
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, snippet]) => snippet ?? '');
}
