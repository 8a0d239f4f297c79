import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { prepareV8 } from '../prepare-v8.ts';
import { generateGraphqlTypes } from './graphql-types.ts';
import { unpackQueryCompiler } from './unpack-query-compiler.ts';

/**
 * `npm run generate`: writes `generated/` anew from what the apps declare - the resolver types of every
 * `subgraphs/<app>/schema.graphql`, the Prisma client of every `prisma/<app>/schema.prisma`, and the supergraph of all.
 */

const root = new URL('../../', import.meta.url);
const path = (relative: string) => fileURLToPath(new URL(relative, root));

const hasStore = (app: string) => existsSync(path(`subgraphs/${app}/store.ts`));

/** What resolvers of types of `shared.graphql` get as their parent. */
const sharedMappers = {
  Change: '../../kernel/changes/change.ts#Change as ChangeModel',
  Resync: '../../kernel/changes/feed.ts#Resync as ResyncModel',
};

/** The types that a store exports as `<Type>Model` are what resolvers of `<Type>` get as their parent. */
async function readMappers(app: string): Promise<Record<string, string>> {
  if (!hasStore(app)) return {};
  const store = await readFile(path(`subgraphs/${app}/store.ts`), 'utf8');
  const names = store.matchAll(/^export (?:type|interface) (\w+)Model\b/gm);
  return Object.fromEntries(
    Array.from(names, ([, type]) => [`${type}`, `../../subgraphs/${app}/store.ts#${type}Model`]),
  );
}

async function readSchemaFiles(app: string): Promise<string[]> {
  const files = await readdir(path(`subgraphs/${app}`));
  const own = files.filter((file) => file.endsWith('.graphql')).sort();
  return own.map((file) => path(`subgraphs/${app}/${file}`));
}

async function generateResolverTypes(app: string): Promise<void> {
  const context = hasStore(app)
    ? `../../subgraphs/${app}/loaders.ts#${app[0]?.toUpperCase()}${app.slice(1)}Context`
    : '../../kernel/subgraph/app.ts#RequestScope';
  const types = await generateGraphqlTypes({
    name: app,
    schemaFiles: [path('kernel/subgraph/shared.graphql'), ...(await readSchemaFiles(app))],
    contextModule: context,
    mappers: { ...sharedMappers, ...(await readMappers(app)) },
  });
  await writeFile(path(`generated/graphql/${app}.ts`), types);
}

/**
 * Prisma looks for a schema engine that only its migrate commands need, and downloads it when it is not there; naming
 * any program in its place keeps generation offline.
 */
function generatePrismaClient(app: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const prisma = fileURLToPath(import.meta.resolve('prisma/build/index.js'));
  const child = spawn(
    process.execPath,
    [prisma, 'generate', '--no-hints', '--schema', path(`prisma/${app}/schema.prisma`)],
    {
      cwd: path('.'),
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
    },
  );
  child.on('error', reject);
  child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`prisma generate failed for ${app}`))));
  return promise;
}

async function appsWith(folder: string, file: string): Promise<string[]> {
  const entries = await readdir(path(folder), { recursive: true });
  return entries.filter((entry) => entry.endsWith(`/${file}`)).map((entry) => entry.slice(0, -file.length - 1));
}

await rm(path('generated/compiled'), { recursive: true, force: true });
prepareV8();
await mkdir(path('generated/graphql'), { recursive: true });
await Promise.all((await appsWith('subgraphs', 'schema.graphql')).map(generateResolverTypes));
const appsWithData = await appsWith('prisma', 'schema.prisma');
for (const app of appsWithData) await generatePrismaClient(app);
await unpackQueryCompiler(new URL('generated/prisma/', root), appsWithData);

// Imports what was generated above.
const { apps } = await import('../../subgraphs/index.ts');
const { writeSuiteSupergraph } = await import('../suite-supergraph.ts');
await writeSuiteSupergraph(apps);

// The first start finds its code compiled: so it takes less time, and holds less memory afterwards.
await import('../commands/start.ts');
