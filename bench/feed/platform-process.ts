import { startPlatform } from '../../cli/platform.ts';
import { readSettings } from '../../kernel/config/settings.ts';
import { obeyBench } from './fed-server.ts';

/** The whole platform as `panorama start` runs it, in a folder of its own; what is published comes from its clients. */
const [directory = ''] = process.argv.slice(2);
const settings = readSettings(
  { PORT: '0', PANORAMA_DATA_DIR: directory, PANORAMA_DEMO: 'true', LOG_LEVEL: 'error' },
  {},
);
const platform = await startPlatform(settings, () => undefined);
obeyBench(`${platform.url}/graphql`, () => undefined, platform.stop);
