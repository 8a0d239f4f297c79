import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { eventCatalogue } from '../../kernel/changes/catalogue.ts';
import { settingNames } from '../../kernel/config/settings.ts';
import { errorCodes, errorDetailNames } from '../../kernel/errors/codes.ts';
import { root } from '../support/source-files.ts';

/** The rows of the first table under a heading (or of the file), cell by cell. */
function tableOf(file: string, headings: string): string[][] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const start = lines.findIndex((line) => line.startsWith(headings));
  const rows = lines.slice(start + 2);
  const length = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, length).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe('the docs', () => {
  test('list every error code with its status, meaning and remedy', () => {
    const documented = tableOf('docs/errors.md', '| code | HTTP').map(([code, status, meaning, remedy]) => [
      code?.replaceAll('`', ''),
      { status: Number(status), meaning, remedy },
    ]);
    expect(Object.fromEntries(documented)).toEqual(errorCodes);
  });

  test('list what errors may say beside their code', () => {
    const documented = tableOf('docs/errors.md', '| field |').map(([name]) => name?.replaceAll('`', ''));
    expect(documented).toEqual(errorDetailNames);
  });

  test('list every event type with its entity', () => {
    const documented = tableOf('docs/changes.md', '| type |').map((cells) => cells.slice(0, 2).join(' '));
    const types = [...eventCatalogue().values()].map(({ type, entity }) => `\`${type}\` \`${entity}\``);
    expect(documented.sort()).toEqual(types.sort());
  });

  test('list every setting', () => {
    const documented = tableOf('docs/operations.md', '| setting |').map(([name]) => name?.replaceAll('`', ''));
    expect(documented).toEqual(settingNames);
  });

  test('say what lives in every room', () => {
    const text = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const rooms = ['kernel', 'gateway', 'clients', 'bench'].flatMap((part) =>
      readdirSync(join(root, part), { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
        .map(({ name }) => `\`${part}/${name}/\``),
    );
    expect(rooms.filter((room) => !text.includes(room))).toEqual([]);
  });

  test('name no file or folder that is not there', () => {
    const docs = [
      'README.md',
      'clients/sdk/README.md',
      ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
    ];
    const named = /`((?:bench|cli|clients|docs|gateway|kernel|prisma|subgraphs|test)\/[\w./-]*)`/g;
    const missing = docs.flatMap((doc) =>
      Array.from(readFileSync(join(root, doc), 'utf8').matchAll(named), ([, path]) => `${path}`)
        .filter((path) => !existsSync(join(root, path)))
        .map((path) => `${doc}: ${path}`),
    );
    expect(missing).toEqual([]);
  });
});
