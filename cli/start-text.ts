import { styleText } from 'node:util';
import type { Settings } from '../kernel/config/settings.ts';
import { demoCustomerId, demoKeys } from './demo/tenants.ts';

/** Bold on a terminal; plain text when piped or with `NO_COLOR`. */
function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout });
}

function exampleRequest(url: string, key: string): string {
  const query = `{ customer360(id: "${demoCustomerId}") { profile { username } behavior { engagementLevel } insights { healthScore } } }`;
  return `curl -s ${url}/graphql -H 'content-type: application/json' -H 'x-tenant-key: ${key}' -d '${JSON.stringify({ query })}'`;
}

function describeDemo(url: string): string[] {
  const width = Math.max(...demoKeys.map(({ key }) => key.length)) + 2;
  return [
    `${bold('Demo keys')} (header x-tenant-key)`,
    ...demoKeys.map(({ key, description }) => `  ${key.padEnd(width)}${description}`),
    '',
    bold('Try it'),
    exampleRequest(url, demoKeys[0]?.key ?? ''),
  ];
}

/** What `panorama start` prints once it serves: at most 25 lines, those of npm and of the first start's progress included. */
export function describeStart(settings: Settings, url: string, startMs: number): string {
  const database = settings.DATABASE_URL === undefined ? 'embedded Postgres' : 'the Postgres of DATABASE_URL';
  return [
    `${bold('Panorama serves')} (started in ${(startMs / 1000).toFixed(1)} s)`,
    `  GraphQL     ${url}/graphql`,
    `  Playground  ${url}/playground`,
    `  Health      ${url}/readyz`,
    `  Data        ${settings.PANORAMA_DATA_DIR} (${database})`,
    '',
    ...(settings.PANORAMA_DEMO ? describeDemo(url) : []),
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}
