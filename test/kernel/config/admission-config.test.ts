import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { admissionOptions } from '../../../cli/admission.ts';
import { defaultRateLimits, noRateLimits } from '../../../gateway/admission/rate-limit.ts';
import { readGatewayConfig } from '../../../kernel/config/gateway-config.ts';
import { anySupergraphLimits, operationLimitNames, suiteLimits } from '../../../kernel/config/operation-limits.ts';
import { readSettings } from '../../../kernel/config/settings.ts';
import { defaultStreamLimits } from '../../../kernel/config/stream-limits.ts';
import { createDataDirectory } from '../../support/platform.ts';
import { root } from '../../support/source-files.ts';

const docs = readFileSync(join(root, 'docs/operations.md'), 'utf8');

describe('what the file of settings says is let in', () => {
  let directory: Awaited<ReturnType<typeof createDataDirectory>>;
  let file: string;

  beforeEach(async () => {
    directory = await createDataDirectory();
    file = join(directory.path, 'panorama.yaml');
  });

  afterEach(() => directory.remove());

  const readPlatform = () => readSettings({ PANORAMA_CONFIG: file }, {});
  const defaults = () => ({ limits: suiteLimits, rateLimits: noRateLimits, directory: directory.path });

  test('is the same for the platform and a gateway alone', async () => {
    const text = 'limits: {depth: 12}\nrateLimit: {keyCostPerMinute: 600}\ncors: {origins: ["https://a.example"]}\n';
    await writeFile(file, text);
    const { admission } = readPlatform();
    expect(admission).toEqual({
      limits: { depth: 12 },
      rateLimit: { keyCostPerMinute: 600 },
      cors: { origins: ['https://a.example'] },
    });
    expect(readGatewayConfig(file)).toEqual(admission);
    const options = admissionOptions(admission, defaults());
    expect(options).toMatchObject({ limits: { ...suiteLimits, depth: 12 }, origins: ['https://a.example'] });
  });

  test.each([
    ['a limit that does not exist', 'limits: {dept: 12}', 'Did you mean "depth"?'],
    ['a limit of nothing', 'limits: {depth: 0}', 'limits.depth'],
    ['a limit that is no number', 'limits: {cost: many}', 'limits.cost'],
    ['a limit of streams that does not exist', 'streams: {socket: 12}', 'The keys are: streams'],
    ['an origin with a path', 'cors: {origins: ["https://a.example/"]}', 'without a path'],
    ['every origin', 'cors: {origins: ["*"]}', 'An origin is expected'],
    ['a store that does not exist', 'rateLimit: {store: redis}', 'rateLimit.store'],
  ])('ends the start with %s', async (_, text, message) => {
    await writeFile(file, text);
    expect(readPlatform).toThrow(message);
    expect(() => readGatewayConfig(file)).toThrow(message);
  });

  test('needs the documents that are trusted, and a database to count in', () => {
    expect(() => admissionOptions({ trustedDocuments: { only: ['kiosk'] } }, defaults())).toThrow('needs');
    expect(() => admissionOptions({ trustedDocuments: { file: 'none.json' } }, defaults())).toThrow('cannot be read');
    expect(() => admissionOptions({ rateLimit: { store: 'postgres' } }, defaults())).toThrow('no database');
  });

  test('finds the documents beside the file', async () => {
    await writeFile(join(directory.path, 'trusted.json'), JSON.stringify({ ab12: '{ me { id } }' }));
    const { documents } = admissionOptions({ trustedDocuments: { file: 'trusted.json' } }, defaults());
    expect(documents?.trusted.textOf('ab12')).toBe('{ me { id } }');
  });

  test('is documented with its defaults', () => {
    const shown = (value: number) => (value === Number.POSITIVE_INFINITY ? 'none' : String(value));
    const cells = operationLimitNames.map((name) => [name, shown(suiteLimits[name]), shown(anySupergraphLimits[name])]);
    const [, table = ''] = docs.split('| limit | platform |');
    const documented = Array.from(table.matchAll(/^\| `(\w+)` \| (\w+) \| (\w+) \|/gm), ([, ...row]) => row);
    expect(documented).toEqual(cells);
    for (const [name, value] of Object.entries(defaultRateLimits))
      expect(docs).toContain(`| \`rateLimit.${name}\` | ${value} |`);
    for (const [name, value] of Object.entries(defaultStreamLimits))
      expect(docs).toContain(`| \`streams.${name}\` | ${value} |`);
  });
});
