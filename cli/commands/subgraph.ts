import { parseArgs } from 'node:util';
import { SettingError } from '../../kernel/config/setting-error.ts';
import { readSettings, type Settings } from '../../kernel/config/settings.ts';
import type { App } from '../../kernel/subgraph/app.ts';
import { apps } from '../../subgraphs/index.ts';
import { reachDatabase } from '../reach-database.ts';
import { serveApp } from '../serve-app.ts';
import { untilAskedToStop } from '../until-asked-to-stop.ts';

const drainMs = 5_000;

/** Reads the command line of `panorama subgraph`: the app, and settings. */
function readCommandLine(args: readonly string[]): { readonly app: App; readonly settings: Settings } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      host: { type: 'string' },
      'data-dir': { type: 'string' },
      config: { type: 'string' },
    },
  });
  const [name, ...others] = positionals;
  const app = apps.find((one) => one.name === name);
  if (!app || others.length > 0) {
    throw new SettingError(`Say which app to serve: ${apps.map((one) => one.name).join(', ')}.`);
  }
  const settings = readSettings({
    ...(values.port !== undefined && { PORT: values.port }),
    ...(values.host !== undefined && { HOST: values.host }),
    ...(values['data-dir'] !== undefined && { PANORAMA_DATA_DIR: values['data-dir'] }),
    ...(values.config !== undefined && { PANORAMA_CONFIG: values.config }),
  });
  return { app, settings };
}

function describe(app: App, { HOST }: Settings, port: number): string {
  const url = `http://${HOST.includes(':') ? `[${HOST}]` : HOST}:${port}`;
  return [
    '',
    `Panorama serves the app ${app.name} at ${url}/graphql, to gateways that sign their calls.`,
    '',
    `  Health      ${url}/readyz`,
    '',
    'Ctrl-C stops it.',
    '',
  ].join('\n');
}

/** `panorama subgraph`: one app as a process of its own, until a signal ends it. */
export async function subgraph(args: readonly string[]): Promise<void> {
  const { app, settings } = readCommandLine(args);
  const asked = untilAskedToStop();
  const { ownerUrl, secret, close } = await reachDatabase(settings, (step) => process.stderr.write(`${step} ...\n`));
  try {
    const served = await serveApp({ app, settings, ownerUrl, secret });
    process.stdout.write(describe(app, settings, served.port));
    await asked;
    process.stderr.write('Stopping ...\n');
    await served.stop(drainMs);
  } finally {
    await close();
  }
}
