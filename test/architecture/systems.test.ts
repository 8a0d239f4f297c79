import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Kind, parse } from 'graphql';
import { eventCatalogue } from '../../kernel/changes/catalogue.ts';
import { appMatrix } from '../../kernel/permissions/app-matrix.ts';
import { queues } from '../../subgraphs/coordination/queues/queue-table.ts';
import { apps } from '../../subgraphs/index.ts';
import { root } from '../support/source-files.ts';

const text = readFileSync(join(root, 'docs/systems.md'), 'utf8');

/** A line of a table: what is asked for, what does it here, and the tests that show it; none for what is not built. */
interface Row {
  readonly what: string;
  readonly here: string;
  readonly proofs: readonly (readonly [file: string, name: string])[];
}

function readRow(line: string): Row {
  const [what = '', here = '', shownBy = ''] = line
    .split(' | ')
    .map((cell) => cell.replaceAll(/^\| | \|$/g, '').trim());
  const proofs = shownBy.split('<br>').flatMap((one): [string, string][] => {
    const [, file, name] = /^`(test\/[^`]+\.test\.ts)`: (.+)$/.exec(one) ?? [];
    return file !== undefined && name !== undefined ? [[file, name]] : [];
  });
  return { what, here, proofs };
}

const rows = text
  .split('\n')
  .filter((line, index, lines) => line.startsWith('| ') && !lines[index + 1]?.startsWith('|---'))
  .map(readRow);

/** What no test shows yet, because it is not built. */
const notBuilt = [
  'circuit breaker',
  'performance monitor, metrics collector and their exporter',
  'circuit breaker: 5 failures, open for a minute, half open',
  '`cross_app_requests_total`, `cross_app_request_duration_seconds`',
  '`websocket_connections_active`, `websocket_events_published_total`',
  '`message_queue_size`, `message_queue_processed_total`',
  'distributed tracing with spans',
  'alerts on error rate, connections, backlog',
  'trading app: orders, positions, alerts',
  'research app: notes, research reports, publishing them',
  'steps that add an app',
];

/** Whether a file has a test of a name, written as one text. */
function hasTest(file: string, name: string): boolean {
  const source = readFileSync(join(root, file), 'utf8');
  return ["'", '"', '`'].some((quote) => {
    const quoted = `${quote}${name.replaceAll(quote, `\\${quote}`)}${quote}`;
    return [`(${quoted},`, `(\n  ${quoted},`, `(\n    ${quoted},`, `(\n      ${quoted},`].some((one) =>
      source.includes(one),
    );
  });
}

describe('the table of systems', () => {
  test('has for every row a test that there is, but for what is not built', () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.filter(({ proofs }) => proofs.length === 0).map(({ what }) => what)).toEqual(notBuilt);
    const missing = rows
      .flatMap(({ proofs }) => proofs)
      .filter(([file, name]) => !existsSync(join(root, file)) || !hasTest(file, name));
    expect(missing).toEqual([]);
  });

  test('names fields of the graph that there are', async () => {
    const fields = new Set<string>();
    for (const app of apps) {
      for (const type of parse(await app.readSdl()).definitions) {
        if (type.kind !== Kind.OBJECT_TYPE_DEFINITION && type.kind !== Kind.OBJECT_TYPE_EXTENSION) continue;
        for (const field of type.fields ?? []) fields.add(`${type.name.value}.${field.name.value}`);
      }
    }
    const named = rows.flatMap(({ here }) => here.match(/\b(Query|Mutation|Subscription)\.\w+/g) ?? []);
    expect(named.filter((name) => !fields.has(name))).toEqual([]);
  });

  test('has every event type, every queue, and every row of the permission matrix', () => {
    const whats = rows.map(({ what }) => what).join('\n');
    expect([...eventCatalogue().keys()].filter((type) => !whats.includes(`\`${type}\``))).toEqual([]);
    const queueRows = [...queues.values()].map(
      ({ name, priority, maxRetries }) => `\`${name}\`, ${priority}, ${maxRetries}`,
    );
    expect(queueRows.filter((row) => !rows.some(({ what }) => what === row))).toEqual([]);
    const quoted = (permissions: readonly string[]) => permissions.map((one) => `\`${one}\``).join(', ');
    const matrix = Object.entries(appMatrix).map(([app, permissions]) => [`\`${app}\``, quoted(permissions)]);
    const documented = rows.map(({ what, here }) => [what, here]);
    expect(documented).toEqual(expect.arrayContaining(matrix));
  });
});
