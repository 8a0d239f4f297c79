import { parseArgs } from 'node:util';
import { openChangeFeed } from '../../kernel/changes/change-feed.ts';
import { refusePosition } from '../../kernel/changes/change-history.ts';
import { createFeedCursors } from '../../kernel/changes/feed-cursor.ts';
import { SettingError } from '../../kernel/config/setting-error.ts';
import { readSettings } from '../../kernel/config/settings.ts';
import { connectionStringFor } from '../../kernel/data/app-role.ts';
import { changeFeedSchema } from '../../kernel/data/platform-schema.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { App, RunningApp } from '../../kernel/subgraph/app.ts';
import { createLogger } from '../../kernel/telemetry/logger.ts';
import type { TenantId } from '../../kernel/tenancy/ids.ts';
import { apps } from '../../subgraphs/index.ts';
import { askOnce, type DeadLetters, deadLettersText, listing, type Redriven, redriving } from '../dead-letters.ts';
import { explainFailure } from '../explain-failure.ts';
import { readTenant, required, type Values } from '../key-arguments.ts';
import { reachDatabase } from '../reach-database.ts';

/** What is asked for, and how the apps are reached for that. */
interface Work {
  readonly app: string;
  readonly tenantId: TenantId;
  /** The place in the log that it is to begin behind. */
  readonly findPlace: () => Promise<number>;
  /** The platform's. */
  readonly secret: string;
  /** Starts an app that answers and reacts to nothing by itself. */
  readonly start: (name: string) => Promise<RunningApp>;
}

const text = { type: 'string' } as const;
const options = { app: text, tenant: text, from: text, 'data-dir': text, config: text } as const;

/** What is done, by the name of the action. */
const actions: Readonly<Record<string, (work: Work) => Promise<string>>> = {
  dead: async ({ start, app, tenantId, secret }) => {
    const desk = await start('coordination');
    return deadLettersText(await askOnce<DeadLetters>(desk, { tenantId, secret }, listing, { app }));
  },
  redrive: async ({ start, app, tenantId, secret }) => {
    const desk = await start('coordination');
    const { redriveDeadLetters } = await askOnce<Redriven>(desk, { tenantId, secret }, redriving, {
      input: { app, all: true },
    });
    return `${redriveDeadLetters.count} given up by ${app} are tried again by the app as soon as it runs.\n`;
  },
  replay: async ({ start, app, tenantId, findPlace }) => {
    const { events } = await start(app);
    if (!events) throw new SettingError(`The app ${app} reacts to no events.`);
    const counts = await events.replay(tenantId, await findPlace());
    const { handled, passed, waiting, failed, dead } = counts;
    return `Handled ${handled}, left out ${passed} that were handled before, ${waiting + failed} wait, ${dead} were given up.\n`;
  },
};

function readCommandLine(args: readonly string[]) {
  const [name = '', ...rest] = args;
  const act = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (!act) throw new SettingError(`Say what to do with events: ${Object.keys(actions).join(', ')}.`);
  const { values } = parseArgs({ args: rest, options });
  if (values.from !== undefined && name !== 'replay') throw new SettingError('--from goes with replay.');
  const named = required(values as Values, 'app', 'the app that is to react to the events');
  const app = apps.find((one) => one.name === named);
  if (!app) throw new SettingError(`--app cannot be "${named}". There are: ${apps.map((one) => one.name).join(', ')}.`);
  required(values as Values, 'tenant', 'the id of the tenant');
  return { act, app, tenantId: readTenant(values as Values), values };
}

/** `panorama events`: what an app could not react to, and its past once more, while the platform runs or not. */
export async function events(args: readonly string[]): Promise<void> {
  const { act, app, tenantId, values } = readCommandLine(args);
  const settings = readSettings({
    ...(values['data-dir'] !== undefined && { PANORAMA_DATA_DIR: values['data-dir'] }),
    ...(values.config !== undefined && { PANORAMA_CONFIG: values.config }),
  });
  const { ownerUrl, secret, close } = await reachDatabase(settings, (step) => process.stderr.write(`${step} ...\n`));
  const logger = createLogger(settings.LOG_LEVEL);
  const urlOf = (name: string) => connectionStringFor(ownerUrl, { app: name, secret });
  const feed = openChangeFeed({ databaseUrl: urlOf(changeFeedSchema.name), secret, logger });
  const findPlace = async () => {
    if (values.from === undefined) return 0;
    const { epoch, seq } = createFeedCursors(secret).decode(tenantId, values.from);
    if (epoch !== (await feed.events.bounds(tenantId)).epoch) throw refusePosition('EPOCH_CHANGED');
    return seq;
  };
  const started: RunningApp[] = [];
  const start = async (name: string) => {
    const wanted: App | undefined = apps.find((one) => one.name === name);
    if (!wanted) throw new Error(`There is no app ${name}.`);
    const reacting = { source: feed.events, isIdle: true };
    const one = await wanted.start({ databaseUrl: urlOf(name), poolSize: 2, secret, logger, feed, events: reacting });
    started.push(one);
    return one;
  };
  try {
    process.stdout.write(await act({ app: app.name, tenantId, findPlace, secret, start }));
  } catch (error) {
    if (error instanceof PanoramaError) throw new SettingError(error.message);
    throw explainFailure(error, app.name);
  } finally {
    for (const one of started) await one.stop();
    await feed.stop();
    await close();
  }
}
