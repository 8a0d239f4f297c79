import { z } from 'zod';
import type { BootstrapPage, QueryBootstrapArgs, QueryPullArgs } from '../../generated/graphql/coordination.ts';
import type { FeedEvent } from '../../kernel/changes/feed.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import { maxRecords, type RecordsInput, type RecordsPage } from '../../kernel/sync/read-records.ts';
import { readFilter } from './feeds.ts';
import type { CoordinationContext } from './loaders.ts';
import { askApp, syncedTypes } from './push.ts';

/** How far a client has come with its first load. */
interface Progress {
  /** Where it pulls from in the end. */
  readonly cursor: string;
  /** What is left of the types; the first is under way. */
  readonly entities: readonly string[];
  /** The id of the last record of the first of them. */
  readonly after: string;
}

const place = 'coordination.bootstrap';
/** How often apps are asked for one page. Who may read few of the records gets pages that are not full. */
const mostAsked = 20;
const progressText = z.tuple([z.string(), z.array(z.string()), z.string()]);

function checkLimit(limit: number): void {
  if (limit >= 1 && limit <= maxRecords) return;
  throw new PanoramaError('BAD_USER_INPUT', `\`limit\` is 1 to ${maxRecords}.`, { field: 'limit' });
}

/** The types to load. Throws for one that is not synced. */
function readEntities(entities: QueryBootstrapArgs['entities']): readonly string[] {
  const wanted = entities ? [...new Set(entities)] : Object.keys(syncedTypes);
  const unknown = wanted.find((one) => !Object.hasOwn(syncedTypes, one));
  if (unknown === undefined) return wanted;
  const message = `These types are synced: ${Object.keys(syncedTypes).join(', ')}.`;
  throw new PanoramaError('BAD_USER_INPUT', message, { field: 'entities' });
}

async function readProgress(context: CoordinationContext, args: QueryBootstrapArgs): Promise<Progress> {
  if (args.page == null) {
    const entities = readEntities(args.entities);
    return { cursor: await context.feed.head(context.principal), entities, after: '' };
  }
  const { key } = context.cursors.decode(args.page, place);
  const [cursor, entities, after] = progressText.parse(JSON.parse(String(key)));
  return { cursor, entities, after };
}

function writeProgress({ cursors }: CoordinationContext, { cursor, entities, after }: Progress): string | null {
  if (entities.length === 0) return null;
  return cursors.encode({ ordering: place, key: JSON.stringify([cursor, entities, after]), id: '' });
}

/** One page of all that a client begins with. The place in the log is taken before the first record is read. */
export async function bootstrap(context: CoordinationContext, args: QueryBootstrapArgs): Promise<BootstrapPage> {
  checkLimit(args.limit);
  const { cursor, ...begun } = await readProgress(context, args);
  let { entities, after } = begun;
  const records: BootstrapPage['records'] = [];
  for (let asked = 0; asked < mostAsked && records.length < args.limit; asked++) {
    const [entity] = entities;
    if (entity === undefined) break;
    const input: RecordsInput = { entity, after, limit: args.limit - records.length };
    const page = await askApp<RecordsPage>(context, syncedTypes[entity] ?? '', 'records', input);
    for (const record of page.records) records.push({ entity, ...record });
    after = page.next ?? '';
    if (page.next === null) entities = entities.slice(1);
  }
  return { records, cursor, nextPage: writeProgress(context, { cursor, entities, after }) };
}

/** The next changes after a position. */
export async function pull(
  { feed, principal }: CoordinationContext,
  { after, limit, compact, ...named }: QueryPullArgs,
): Promise<FeedEvent> {
  checkLimit(limit);
  return await feed.pull({ principal, after, limit, compact, filter: readFilter(named) });
}
