import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatRows } from '../table.ts';
import { type HostileDocument, hostileDocuments } from './documents.ts';
import type { HostileFigures } from './served.ts';

/** A gateway that hostile documents are sent to. */
interface Contestant {
  readonly title: string;
  readonly script: string;
  readonly args: readonly string[];
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const armor = path('../node_modules/@escape.tech/graphql-armor');
const contestants: readonly Contestant[] = [
  { title: 'Panorama', script: path('ours.ts'), args: [] },
  existsSync(armor)
    ? { title: '@apollo/gateway behind graphql-armor', script: path('armored.ts'), args: ['armor'] }
    : { title: '@apollo/gateway', script: path('armored.ts'), args: [] },
];

/** Every document is sent this often, each time with another text, so that no cache answers. */
const rounds = 20;
/** A gateway that works longer on one document has lost. */
const patienceMs = 20_000;

interface Outcome {
  readonly name: string;
  readonly ms: number;
  readonly refused: boolean;
}

/** The body as text, with a comment in the document that makes it another. */
function bodyOf({ body }: HostileDocument, round: number): string {
  const content = body();
  if (typeof content === 'string') return content.replace('"query":"', `"query":"#${round}\\n`);
  const query = (content as { readonly query?: unknown }).query;
  return JSON.stringify(typeof query === 'string' ? { ...(content as object), query: `#${round}\n${query}` } : content);
}

async function send(url: string, document: HostileDocument, round: number): Promise<Outcome> {
  const body = bodyOf(document, round);
  const began = performance.now();
  const signal = AbortSignal.timeout(patienceMs);
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(url, { method: 'POST', headers, body, signal });
    const answer = await response.text();
    const refused = response.status >= 400 && response.status < 500 && !answer.includes('"data":{');
    return { name: document.name, ms: performance.now() - began, refused };
  } catch {
    // The connection was cut, or patience has ended.
    return { name: document.name, ms: performance.now() - began, refused: false };
  }
}

async function ask<Answer>(child: ChildProcess, question: 'begin' | 'figures'): Promise<Answer> {
  child.send(question);
  const [answer] = (await once(child, 'message')) as [Answer];
  return answer;
}

async function measure({ script, args }: Contestant) {
  const child = fork(script, [...args], {
    env: { PATH: process.env.PATH, APOLLO_TELEMETRY_DISABLED: 'true', NODE_ENV: 'production' },
  });
  try {
    const [{ url }] = (await once(child, 'message')) as [{ url: string }];
    // Whatever is loaded and compiled at first use is not what documents cost.
    for (const document of hostileDocuments) await send(url, document, 0);
    await ask(child, 'begin');
    const before = await ask<HostileFigures>(child, 'figures');
    const outcomes: Outcome[] = [];
    for (let round = 1; round <= rounds; round += 1) {
      for (const document of hostileDocuments) outcomes.push(await send(url, document, round));
    }
    return { outcomes, before, after: await ask<HostileFigures>(child, 'figures') };
  } finally {
    child.kill('SIGKILL');
  }
}

/** Measures how gateways bear documents that are made to hold them up; resolves to a table. */
export async function benchHostile(): Promise<string> {
  const rows: string[][] = [];
  const notes: string[] = [];
  for (const contestant of contestants) {
    const { outcomes, before, after } = await measure(contestant);
    const sorted = outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
    const served = new Set(outcomes.filter(({ refused }) => !refused).map(({ name }) => name));
    rows.push([
      contestant.title,
      `${hostileDocuments.length - served.size} of ${hostileDocuments.length}`,
      `${sorted[Math.floor(sorted.length / 2)]?.toFixed(1)} ms`,
      `${sorted[Math.floor(sorted.length * 0.99)]?.toFixed(1)} ms`,
      `${((after.cpuMs - before.cpuMs) / outcomes.length).toFixed(2)} ms`,
      `${after.longestBlockMs.toFixed(0)} ms`,
      String(after.subgraphCalls - before.subgraphCalls),
    ]);
    if (served.size > 0) notes.push(`- ${contestant.title} did not refuse: ${[...served].join('; ')}\n`);
  }
  const header = [
    'hostile documents',
    'refused',
    'p50',
    'p99',
    'CPU',
    'longest block of the event loop',
    'subgraph calls',
  ];
  const targets = ['target', 'all', '', '50.0 ms', '', '100 ms', '0'];
  const explanation = '- refused: every time with a status of 400 to 499 and without data; a 500 is no refusal\n';
  return `${formatRows(header, [...rows, targets])}\n${explanation}${notes.join('')}`;
}
