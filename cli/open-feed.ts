import { openChangeFeed, type ProcessFeed } from '../kernel/changes/change-feed.ts';
import type { EventOptions } from '../kernel/changes/handlers/start-handlers.ts';
import { openPostgresHints } from '../kernel/changes/hints.ts';
import type { Settings } from '../kernel/config/settings.ts';
import { connectionStringFor } from '../kernel/data/app-role.ts';
import { startLogKeeper } from '../kernel/data/log-keeper.ts';
import { changeFeedSchema } from '../kernel/data/platform-schema.ts';
import type { Logger } from '../kernel/telemetry/logger.ts';

/** What the feed of a process is opened with. */
export interface FeedSource {
  readonly settings: Pick<Settings, 'NATS_URL' | 'PANORAMA_REACTIONS' | 'PANORAMA_RETENTION_DAYS'>;
  /** Of the database's owner. */
  readonly ownerUrl: string;
  /** The platform's. */
  readonly secret: string;
  readonly logger: Logger;
}

/** The feed of a process, and what keeps its log. */
export interface OpenedFeed {
  readonly feed: ProcessFeed;
  /** By which the apps of the process react to events; undefined where another process does. */
  readonly events: EventOptions | undefined;
  stop(): Promise<void>;
}

/** Opens the feed that the apps of this process share, which reads the log as a role of its own, and sees to the log. */
export async function openFeed({ settings, ownerUrl, secret, logger }: FeedSource): Promise<OpenedFeed> {
  const databaseUrl = connectionStringFor(ownerUrl, { app: changeFeedSchema.name, secret });
  const onFailure = (error: unknown) => logger.debug({ err: error }, 'A hint of changes was lost');
  const url = settings.NATS_URL;
  const hints = url
    ? (await import('../kernel/changes/nats-hints.ts')).openNatsHints({ url, secret, onFailure })
    : openPostgresHints(databaseUrl, onFailure);
  const feed = openChangeFeed({ databaseUrl, secret, hints, logger });
  const keeper = startLogKeeper({ ownerUrl, retentionDays: settings.PANORAMA_RETENTION_DAYS, logger });
  const stop = async () => {
    await feed.stop();
    await keeper.stop();
  };
  return { feed, events: settings.PANORAMA_REACTIONS ? { source: feed.events } : undefined, stop };
}
