import type { GraphQLResolveInfo } from 'graphql';
import type { PrismaClientLike } from '../data/tenant-database.ts';
import type { AppContext } from '../subgraph/app.ts';
import { applyPush } from './apply-push.ts';
import type { PushAnswer } from './pushed-mutation.ts';
import { type RecordsPage, readRecords } from './read-records.ts';
import type { SyncedApp } from './synced-entities.ts';

interface SyncArguments {
  readonly input: unknown;
}

/** The fields by which the app that clients sync with reaches another; no client sees them. */
export function syncFieldsOf(app: string) {
  const capital = `${app.charAt(0).toUpperCase()}${app.slice(1)}`;
  return { apply: `apply${capital}Mutations`, records: `${app}Records` } as const;
}

/** The resolvers of an app's two fields for sync. */
export function syncResolvers<Client extends PrismaClientLike>(synced: SyncedApp<Client>) {
  return {
    apply: <Loaders>(
      _: unknown,
      { input }: SyncArguments,
      context: AppContext<Client, Loaders>,
      info: GraphQLResolveInfo,
    ): Promise<PushAnswer> => applyPush(synced, input, context, info),
    records: <Loaders>(
      _: unknown,
      { input }: SyncArguments,
      context: AppContext<Client, Loaders>,
    ): Promise<RecordsPage> => readRecords(synced, input, context),
  };
}
