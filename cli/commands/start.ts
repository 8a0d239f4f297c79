import { parseArgs } from 'node:util';
import { readSettings } from '../../kernel/config/settings.ts';
import { collectGarbage } from '../collect-garbage.ts';
import { startPlatform } from '../platform.ts';
import { describeStart } from '../start-text.ts';
import { untilAskedToStop } from '../until-asked-to-stop.ts';

/** Reads the command line of `panorama start` into settings. */
function settingsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      'data-dir': { type: 'string' },
      config: { type: 'string' },
      'no-demo': { type: 'boolean' },
    },
  });
  return readSettings({
    ...(values.port !== undefined && { PORT: values.port }),
    ...(values['data-dir'] !== undefined && { PANORAMA_DATA_DIR: values['data-dir'] }),
    ...(values.config !== undefined && { PANORAMA_CONFIG: values.config }),
    ...(values['no-demo'] && { PANORAMA_DEMO: 'false' }),
  });
}

/** `panorama start`: everything in one process, until a signal ends it. */
export async function start(args: readonly string[]): Promise<void> {
  const began = performance.now();
  const settings = settingsOf(args);
  const asked = untilAskedToStop();
  const platform = await startPlatform(settings, (step) => process.stderr.write(`${step} ...\n`));
  collectGarbage();
  process.stdout.write(describeStart(settings, platform.url, performance.now() - began));
  await asked;
  process.stderr.write('Stopping ...\n');
  await platform.stop();
}
