import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeSdkProject, readmeSnippets, type SdkProject } from '../support/sdk-project.ts';

/** What the README takes for granted. */
const surroundings = /* TypeScript */ `
  interface Lead { readonly id: string; readonly status: string }
  declare const url: string;
  declare const key: string;
  declare const app: string;
  declare const updateLead: string;
  declare const input: object;
  declare const client: import('panorama/sdk').Client;
  declare function show(...values: unknown[]): void;
  declare function render(leads: readonly import('panorama/sdk').LocalRecord[]): void;
  declare function renewToken(): Promise<string>;
  declare function useSyncExternalStore<Snapshot>(subscribe: (tell: () => void) => () => void, read: () => Snapshot): Snapshot;
`;

/** Each is an error, or else the client's types let everything pass. */
const mistakes = /* TypeScript */ `
  import { createClient, type Operation } from 'panorama/sdk';
  const client = createClient({ url: '/graphql' });
  declare const typed: Operation<{ hello: string }, { name: string }>;
  // @ts-expect-error
  createClient({ url: '/graphql', keys: 'pk_1' });
  // @ts-expect-error
  (await client.query(typed, { name: 1 })).data;
  // @ts-expect-error
  (await client.query(typed, { name: 'Ada' })).data.goodbye;
  // @ts-expect-error
  (await client.query('{ hello }')).data.hello;
  // @ts-expect-error
  client.on('rejected', ({ code }) => code.toFixed());
  // @ts-expect-error
  client.on('onlin', () => undefined);
  // @ts-expect-error
  (await client.sync(['Lead'])).list('Lead')[0]?.data.email.length;
  const leads = await client.sync<{ Lead: { email: string } }>(['Lead']);
  leads.list('Lead')[0]?.data.email.length;
  // @ts-expect-error
  leads.list('Lead')[0]?.data.name;
  // @ts-expect-error
  leads.list('Deal');
`;

let project: SdkProject;

beforeAll(async () => {
  project = await makeSdkProject(['@apollo/client', '@urql/core', '@0no-co', 'graphql', 'rxjs', 'wonka']);
});

afterAll(() => project.remove());

test('a strict project that has nothing but the package compiles every snippet of the README, and no nonsense', async () => {
  const snippets = await readmeSnippets();
  expect(snippets.length).toBeGreaterThan(5);
  for (const [place, snippet] of snippets.entries())
    await project.write(`snippet-${place}.ts`, `${snippet}export {};\n`);
  await project.write('surroundings.d.ts', surroundings);
  await project.write('mistakes.ts', mistakes);
  // Other packages may have faults of their own.
  const isOurs = (line: string) => /^\S/.test(line) && !line.includes('node_modules/@');
  expect((await project.compile()).split('\n').filter(isOurs)).toEqual([]);
});
