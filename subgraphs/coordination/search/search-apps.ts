import type { QuerySearchArgs, SearchEntity, SearchHit } from '../../../generated/graphql/coordination.ts';
import { readListSize } from '../../../kernel/data/page.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { type FoundRecord, type SearchInput, searchFieldOf } from '../../../kernel/search/search-records.ts';
import { closenesses } from '../../../kernel/search/search-ways.ts';
import { searchWords } from '../../../kernel/search/words.ts';
import type { CoordinationContext } from '../loaders.ts';

/** A hit as the resolvers hand it on: of its record they know what it is and its id. */
type Hit = Omit<SearchHit, 'entity'> & { readonly entity: FoundEntity };
export type FoundEntity = SearchEntity & { readonly __typename: FoundType };

/** Which app has the records of a type that can be found. */
const appOfType = {
  User: 'users',
  Lead: 'crm',
  Contact: 'crm',
  Deal: 'crm',
  Document: 'documents',
  Incident: 'security',
} as const;

type FoundType = keyof typeof appOfType;

const searchableTypes = Object.keys(appOfType) as readonly FoundType[];
const searchableApps = [...new Set(Object.values(appOfType))];

const longestQuery = 200;
const longestShown = 100;
/** How long the others wait for an app that is slow. */
const appTimeoutMs = 5_000;

type Named = Pick<QuerySearchArgs, 'apps' | 'types'>;

/** Checks names against those that there are. Throws `BAD_USER_INPUT` that lists them. */
function checkNames(field: keyof Named, names: readonly string[] | null | undefined, known: readonly string[]): void {
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const message = `"${unknown.slice(0, longestShown)}" cannot be searched; what can: ${known.join(', ')}.`;
  throw new PanoramaError('BAD_USER_INPUT', message, { field });
}

/** The types to search for, by the app that has them. */
function typesByApp({ apps, types }: Named): ReadonlyMap<string, readonly string[]> {
  checkNames('apps', apps, searchableApps);
  checkNames('types', types, searchableTypes);
  const wanted = searchableTypes.filter(
    (type) => (types?.includes(type) ?? true) && (apps?.includes(appOfType[type]) ?? true),
  );
  return Map.groupBy(wanted, (type) => appOfType[type]);
}

/** What one app finds for the sender. Rejects with what the client is told where it does not answer. */
async function searchApp(
  { callApp, principal, correlationId, logger }: CoordinationContext,
  app: string,
  input: SearchInput,
): Promise<readonly FoundRecord[]> {
  const failed = () => new PanoramaError('SUBGRAPH_UNAVAILABLE', `The app "${app}" could not be searched.`, { app });
  const signal = AbortSignal.timeout(appTimeoutMs);
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(failed()), { once: true });
  });
  const asking = callApp(app, {
    document: `query ($input: JSON!) { found: ${searchFieldOf(app)}(input: $input) }`,
    operationName: undefined,
    variables: { input },
    operationKind: 'query',
    context: { principal, correlationId, signal },
  });
  const answer = await Promise.race([asking, late]).catch((error: Error) => {
    logger.warn({ app, correlationId, reason: error.message }, 'an app could not be searched');
    throw failed();
  });
  // What failed inside the app is in the log of the app.
  if (!answer.data?.found) throw failed();
  return answer.data.found as readonly FoundRecord[];
}

/**
 * The best of what the apps found. Their scores come from one formula (docs/search.md), so they are compared as they are.
 * What is only like the words, or has only some of them, counts where no app found more.
 */
function merge(found: readonly Hit[], first: number): Hit[] {
  const isPresent = (some: readonly SearchHit['closeness'][]) =>
    found.some(({ closeness }) => some.includes(closeness));
  const levels = [closenesses.slice(0, 2), closenesses.slice(2, 3), closenesses.slice(3)];
  const level = levels.find(isPresent) ?? [];
  return found
    .filter(({ closeness }) => level.includes(closeness))
    .toSorted((a, b) => b.score - a.score || a.title.localeCompare(b.title, 'en') || (a.id < b.id ? -1 : 1))
    .slice(0, first);
}

/**
 * Searches apps side by side in the name of the sender, who finds what that app would show. An app that fails costs its own
 * hits only: an error that names it stands behind those of the others.
 *
 * @throws {PanoramaError} `BAD_USER_INPUT` for an app or a type that cannot be searched and for a text that is too long
 */
export async function searchApps(
  context: CoordinationContext,
  { query, first, ...named }: QuerySearchArgs,
): Promise<(Hit | Promise<never>)[]> {
  const size = readListSize(first);
  const apps = typesByApp(named);
  if (query.length > longestQuery) {
    const message = `Search for at most ${longestQuery} characters.`;
    throw new PanoramaError('BAD_USER_INPUT', message, { field: 'query' });
  }
  if (size === 0 || searchWords(query).length === 0) return [];
  const outcomes = await Promise.allSettled(
    Array.from(apps, async ([app, types]) => {
      const found = await searchApp(context, app, { query, types: [...types], first: size });
      return found.map(
        (record): Hit => ({ ...record, app, entity: { __typename: record.type as FoundType, id: record.id } }),
      );
    }),
  );
  const hits = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as PanoramaError] : [],
  );
  return [...merge(hits, size), ...failures.map((failure) => Promise.reject(failure))];
}
