import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readGatewayConfig } from '../../../kernel/config/gateway-config.ts';
import { nearestName } from '../../../kernel/config/nearest-name.ts';
import { createDataDirectory } from '../../support/platform.ts';
import { root } from '../../support/source-files.ts';

describe('the configuration of a gateway', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;

  beforeEach(async () => {
    directory = await createDataDirectory();
  });

  afterEach(() => directory.remove());

  async function read(text: string) {
    const file = join(directory.path, 'gateway.yaml');
    await writeFile(file, text);
    return readGatewayConfig(file);
  }

  /** The keys of a section, as the refusal of an unknown one lists them. */
  async function keysOf(section: (unknown: string) => string): Promise<string[]> {
    const refusal: unknown = await read(section('{unknown: 1}')).catch((error: unknown) => error);
    return /The keys are: (.*)\./.exec(String(refusal))?.[1]?.split(', ') ?? [];
  }

  test('may be empty', async () => {
    expect(await read('')).toEqual({});
  });

  test('has every key that is documented, and documents every key', async () => {
    const docs = readFileSync(join(root, 'docs/operations.md'), 'utf8');
    const [, section = ''] = docs.split('## A gateway alone');
    const documented = Array.from(section.matchAll(/^\| `([\w.<>]+)` \|/gm), ([, key]) => key).sort();
    const top = (await keysOf((unknown) => unknown)).filter((key) => !['supergraph', 'subgraphs'].includes(key));
    const supergraph = await keysOf((unknown) => `supergraph: ${unknown}`);
    const subgraph = await keysOf((unknown) => `subgraphs: {a: ${unknown}}`);
    const known = [
      ...top,
      ...supergraph.map((key) => `supergraph.${key}`),
      ...subgraph.map((key) => `subgraphs.<name>.${key}`),
    ];
    expect(known.sort()).toEqual(documented);
  });

  test('takes the names of headers in any case', async () => {
    const { everySubgraph } = await read('everySubgraph: {forwardHeaders: [X-Locale, authorization]}');
    expect(everySubgraph?.forwardHeaders).toEqual(['x-locale', 'authorization']);
  });

  test.each([
    ['a list', '- introspection', 'must be a map'],
    ['a key twice', 'introspection: true\nintrospection: false', 'cannot be read'],
    ['no YAML', '{', 'cannot be read'],
    ['a value of another type', 'introspection: "yes"', 'introspection: '],
    ['no time', 'deadlineMs: 0', 'deadlineMs: '],
    ['half a millisecond', 'everySubgraph: {timeoutMs: 0.5}', 'everySubgraph.timeoutMs: '],
    ['another protocol', 'everySubgraph: {subscriptions: {protocol: mqtt}}', 'everySubgraph.subscriptions.protocol: '],
    ['half a path', 'everySubgraph: {subscriptions: {path: events}}', 'everySubgraph.subscriptions.path: '],
    ['a header with a space', 'everySubgraph: {forwardHeaders: [a b]}', 'everySubgraph.forwardHeaders.0: '],
  ])('is refused for %s', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});

describe('the nearest name', () => {
  test.each([
    ['timeout', 'timeoutMs'],
    ['TIMEOUTMS', 'timeoutMs'],
    ['forwardHeader', 'forwardHeaders'],
    ['uri', 'url'],
  ])('of %s is %s', (unknown, nearest) => {
    expect(nearestName(unknown, ['url', 'forwardHeaders', 'timeoutMs', 'maxAnswerBytes'])).toBe(nearest);
  });
});
