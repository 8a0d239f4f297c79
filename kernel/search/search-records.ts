import { z } from 'zod';
import type { PrismaClientLike } from '../data/tenant-database.ts';
import type { AppContext } from '../subgraph/app.ts';
import type { Principal } from '../tenancy/principal.ts';
import { highlight } from './highlight.ts';
import { type Closeness, type SearchWay, searchWays } from './search-ways.ts';
import { searchWords } from './words.ts';

/** The records that a principal may find, where that is not all: those whose column has one of the values. */
export interface VisibleRecords {
  readonly column: string;
  readonly values: readonly string[];
}

/** How records of one type are found. The names of columns and expressions are SQL, with `r` for the row. */
export interface SearchableType {
  /** The table; its words are in `<table>_search`. */
  readonly table: string;
  /** What a record is called. */
  readonly title: string;
  /** What else tells of it, for the highlight. */
  readonly facts: readonly string[];
  /** A longer text, of which a part is shown. */
  readonly text?: string;
  /** Which records a principal may find: undefined for all of them. */
  readonly visible: (principal: Principal) => VisibleRecords | undefined;
}

/** What an app lets be found, by type of the graph. */
export interface SearchableApp {
  readonly app: string;
  readonly types: Readonly<Record<string, SearchableType>>;
}

const searchInput = z.strictObject({
  query: z.string(),
  types: z.array(z.string()),
  /** How many records are wanted; more may come, since the types are searched side by side. */
  first: z.int().min(1).max(100),
});
export type SearchInput = z.output<typeof searchInput>;

/** A record that was found. */
export interface FoundRecord {
  readonly type: string;
  readonly id: string;
  readonly title: string;
  /** HTML: see `highlight`. */
  readonly highlight: string;
  readonly closeness: Closeness;
  /** Above 0 and at most 1, comparable between apps. */
  readonly score: number;
}

/** The field by which the app that clients search with reaches another; no client sees it. */
export const searchFieldOf = (app: string) => `${app}Search`;

/** Each way has a range of its own, so that what is nearer stands above whatever is further away. */
const lowestScore: Readonly<Record<Closeness, number>> = { WORDS: 0.8, BEGINNING: 0.6, ALIKE: 0.4, SOME: 0.2 };
const scoreRange = 0.2;

/** How many records of a type that match are ranked: all of them but for the commonest of words. */
const mostRanked = 500;
const excerptLength = 240;

interface FoundRow {
  readonly type: string;
  readonly id: string;
  readonly rank: number;
  readonly title: string;
  readonly facts: readonly (string | null)[];
  readonly excerpt: string | null;
}

/** A type with the records of it that the principal may find. */
interface SearchedType {
  readonly name: string;
  readonly type: SearchableType;
  readonly visible: VisibleRecords | undefined;
}

/**
 * Finds records of one type: `$1` is the tenant, `$2` what ranks them, `$3` how many are wanted, `$4` the first word. Which
 * match is the policy's to say, by the setting `panorama.search`: no condition here could use the index.
 *
 * @param values The place of the values that restrict what is visible, where something does.
 */
function selectOf(app: string, { name, type, visible }: SearchedType, values: number): string {
  const { table, title, facts, text = 'NULL::text' } = type;
  const restriction = visible
    ? `JOIN ${app}.${table} AS o ON o.tenant_id = s.tenant_id AND o.id = s.id AND o.${visible.column} = ANY($${values}::text[])`
    : '';
  return `(
    SELECT '${name}' AS type, found.id, found.rank, ${title} AS title, ARRAY[${facts.join(', ')}]::text[] AS facts,
      substr(${text}, greatest(strpos(lower(left(${text}, 50000)), $4) - 60, 1), ${excerptLength}) AS excerpt
    FROM (
      SELECT id, ts_rank(words, $2::tsquery)::float8 AS rank FROM (
        SELECT s.id, s.words FROM ${app}.${table}_search AS s ${restriction}
        WHERE s.tenant_id = $1 LIMIT ${mostRanked}
      ) AS matching ORDER BY rank DESC, id LIMIT $3::integer
    ) AS found JOIN ${app}.${table} AS r ON r.tenant_id = $1 AND r.id = found.id ORDER BY found.rank DESC, found.id
  )`;
}

interface Search {
  readonly app: string;
  readonly types: readonly SearchedType[];
  readonly words: readonly string[];
  readonly first: number;
}

/** Looks in one way for records of all types, by one statement. */
async function searchInWay<Client extends PrismaClientLike, Loaders>(
  context: AppContext<Client, Loaders>,
  { app, types, words, first }: Search,
  way: SearchWay,
): Promise<readonly FoundRecord[]> {
  const values: unknown[] = [context.tenantId, way.ranking, first, words[0] ?? ''];
  const selects = types.map((type) => selectOf(app, type, type.visible ? values.push(type.visible.values) : 0));
  const statement = { text: selects.join(' UNION ALL '), values };
  const rows = await context.database.read(context, (tx) => tx.rows<FoundRow>(statement), { search: way.condition });
  return rows.map(({ type, id, rank, title, facts, excerpt }) => {
    const texts = [title, ...facts, excerpt].filter((one) => one !== null);
    const score = lowestScore[way.closeness] + scoreRange * Math.min(1, rank);
    const shown = highlight(texts, words, way.closeness === 'ALIKE');
    return { type, id, title, highlight: shown, closeness: way.closeness, score };
  });
}

/**
 * Makes the resolver by which an app is searched. It looks for the words as they are, and for the last as a beginning where
 * that gives fewer than are wanted; in the other ways only where nothing was found. What the principal may not see is not
 * found.
 */
export function searchRecords({ app, types }: SearchableApp) {
  return async <Client extends PrismaClientLike, Loaders>(
    _: unknown,
    { input }: { readonly input: unknown },
    context: AppContext<Client, Loaders>,
  ): Promise<readonly FoundRecord[]> => {
    const { query, first, ...wanted } = searchInput.parse(input);
    const words = searchWords(query);
    const searched = Object.entries(types)
      .filter(([name]) => wanted.types.includes(name))
      .map(([name, type]): SearchedType => ({ name, type, visible: type.visible(context.principal) }))
      .filter(({ visible }) => visible?.values.length !== 0);
    const found = new Map<string, FoundRecord>();
    if (searched.length === 0) return [];
    for (const way of searchWays(context.tenantId, words)) {
      const isEnough = way.closeness === 'BEGINNING' ? found.size >= first : found.size > 0;
      if (isEnough) break;
      for (const record of await searchInWay(context, { app, types: searched, words, first }, way)) {
        const key = `${record.type} ${record.id}`;
        if (!found.has(key)) found.set(key, record);
      }
    }
    return [...found.values()];
  };
}
