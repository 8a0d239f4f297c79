import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { readHotOperations } from '../../cli/hot-operations.ts';
import { createDocumentValidator } from '../../gateway/admission/validate-document.ts';
import { createGatewayPlans } from '../../gateway/index.ts';
import { warmPlans } from '../../gateway/plan/warm-plans.ts';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { loadSupergraph } from '../../gateway/supergraph/supergraph.ts';
import { PanoramaEnded, type PanoramaProcess, startPanorama } from '../support/panorama-process.ts';
import { createDataDirectory } from '../support/platform.ts';

interface LogLine {
  readonly msg: string;
  readonly [detail: string]: unknown;
}

const planned = 'The hot operations are planned';
const skipped = 'An operation was not warmed up';

function supergraphOf(fields: string): string {
  return composeSupergraph([{ name: 'shop', url: 'http://127.0.0.1:9/', sdl: `type Query { ${fields} }` }]);
}

const manifestOf = (format: string, version: number, ...bodies: readonly string[]) =>
  JSON.stringify({
    format,
    version,
    operations: bodies.map((body, index) => ({ id: `id-${index}`, name: `Op${index}`, type: 'query', body })),
  });
const apollos = 'apollo-persisted-query-manifest';

describe('a gateway with a file of hot operations', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let gateway: PanoramaProcess | undefined;

  beforeEach(async () => {
    directory = await createDataDirectory();
    await write('supergraph.graphql', supergraphOf('name: String  price: Int'));
  });

  afterEach(async () => {
    await gateway?.end('SIGTERM');
    gateway = undefined;
    await directory.remove();
  });

  const path = (name: string) => join(directory.path, name);

  async function write(name: string, content: string): Promise<void> {
    await writeFile(path(`${name}.next`), content);
    await rename(path(`${name}.next`), path(name));
  }

  async function start(name: string, content?: string): Promise<PanoramaProcess> {
    if (content !== undefined) await write(name, content);
    await write('gateway.yaml', `warmUp: ${name}\nsupergraph: {intervalMs: 20}\n`);
    const args = ['gateway', '--supergraph', 'supergraph.graphql', '--config', 'gateway.yaml', '--port', '0'];
    const started = await startPanorama(args, { directory: directory.path, settings: { LOG_LEVEL: 'info' } });
    gateway = started;
    // The log comes on another way than the text that says where it serves.
    while (!log(started).some(({ msg }) => msg === planned)) await new Promise(setImmediate);
    return started;
  }

  /** All lines of the log that are whole. */
  function log({ stderr }: PanoramaProcess): readonly LogLine[] {
    const lines = stderr().split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  async function readiness({ url }: PanoramaProcess): Promise<unknown> {
    return ((await (await fetch(`${url}/readyz`)).json()) as { status: string }).status;
  }

  test('plans them before it serves, and skips with a warning what is not valid', async () => {
    const running = await start(
      'hot.graphql',
      `query Named { ...Both } query Priced { price } query Gone { colour }
       fragment Both on Query { name price }`,
    );
    expect(await readiness(running)).toBe('HEALTHY');
    expect(log(running)).toMatchObject([
      { msg: skipped, operationName: 'Gone', reason: 'Cannot query field "colour" on type "Query".' },
      { msg: planned, planned: 2, skipped: 1 },
    ]);
  });

  test('plans them again for a changed supergraph, before that is served', async () => {
    const running = await start('hot.graphql', 'query Named { name } query Priced { price }');
    await write('supergraph.graphql', supergraphOf('name: String'));
    // The time limit of the test ends it.
    while (log(running).at(-1)?.msg !== 'Another supergraph is served') await new Promise(setImmediate);
    expect(log(running)).toMatchObject([
      { msg: planned, planned: 2, skipped: 0 },
      { msg: skipped, operationName: 'Priced' },
      { msg: planned, planned: 1, skipped: 1 },
      { msg: 'Another supergraph is served' },
    ]);
  });

  test.each([
    ['an Apollo manifest', manifestOf(apollos, 1, 'query A { name }', 'query B { price }')],
    ['a map from hashes to documents', JSON.stringify({ '0a1b': '{ name }', '2c3d': 'query B { price }' })],
  ])('reads %s', async (_, content) => {
    const running = await start('hot.json', content);
    expect(log(running)).toMatchObject([{ msg: planned, planned: 2, skipped: 0 }]);
  });

  test.each([
    ['that is not there', 'hot.graphql', undefined, /cannot be read: ENOENT.*hot\.graphql/],
    ['that is no GraphQL', 'hot.graphql', 'query A {\n  name', /hot\.graphql: Syntax Error: .* \(line 2, column 7\)/],
    ['that is empty', 'hot.graphql', '# nothing\nfragment A on Query { name }', /holds no operation/],
    ['with two operations of a name', 'hot.graphql', 'query A { name } query A { price }', /have the same name/],
    ['that is no JSON', 'hot.json', '{"a": ', /hot\.json is not JSON/],
    ['of another version', 'hot.json', manifestOf(apollos, 2), /version: .* expected 1.*map from hashes/],
    ['of another format', 'hot.json', manifestOf('other', 1), /format: .*"apollo-persisted-query-manifest"/],
    ['with a broken document', 'hot.json', '{"0a1b": "query {"}', /document 0a1b: Syntax Error/],
    ['with something else', 'hot.json', '{"0a1b": 1}', /0a1b: .*expected string.*map from hashes/],
  ])('does not start with one %s', async (_, name, content, message) => {
    const failure = (await start(name, content).catch((error: unknown) => error)) as PanoramaEnded;
    expect(failure).toBeInstanceOf(PanoramaEnded);
    expect(failure.code).toBe(2);
    expect(failure.message).toMatch(message);
    expect(failure.message).not.toMatch(/\n\s+at /);
  });

  test('has the plan of what clients send, each operation with its own fragments', async () => {
    await write(
      'hot.graphql',
      'query A { ...N } query B { ...P } fragment N on Query { name } fragment P on Query { price }',
    );
    const supergraph = loadSupergraph(supergraphOf('name: String  price: Int'));
    const planOf = createGatewayPlans();
    const plans: unknown[] = [];
    const report = await warmPlans({
      supergraph,
      operations: readHotOperations(path('hot.graphql')),
      validateDocument: createDocumentValidator({ suggestions: true }),
      planOperation: (...asked) => {
        const plan = planOf(...asked);
        plans.push(plan);
        return plan;
      },
      signal: AbortSignal.any([]),
    });
    expect(report).toEqual({ planned: 2, skipped: [] });
    const text = 'query A {\n  ...N\n}\n\nfragment N on Query {\n  name\n}';
    expect(planOf(supergraph, { text, document: parse(text) }, 'A')).toBe(plans[0]);
  });

  test('lets other work through between two plans, and ends when it is told to', async () => {
    const document = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [index, `query Q${index} { name }`]));
    await write('hot.json', JSON.stringify(document));
    const stopping = new AbortController();
    setImmediate(() => stopping.abort());
    const report = await warmPlans({
      supergraph: loadSupergraph(supergraphOf('name: String')),
      operations: readHotOperations(path('hot.json')),
      validateDocument: createDocumentValidator({ suggestions: true }),
      planOperation: createGatewayPlans(),
      signal: stopping.signal,
    });
    expect(report.planned).toBeLessThan(50);
  });
});
