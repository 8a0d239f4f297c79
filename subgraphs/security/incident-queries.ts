import type { QueryIncidentsArgs } from '../../generated/graphql/security.ts';
import { type Connection, type Ordering, planPage } from '../../kernel/data/page.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { SecurityContext } from './loaders.ts';
import { countIncidents, findIncidents } from './store/incidents.ts';
import type { IncidentModel } from './store.ts';

const incidentOrderings = {
  REPORTED_AT: { column: 'reportedAt', type: 'instant' },
  UPDATED_AT: { column: 'updatedAt', type: 'instant' },
  SEVERITY: { column: 'severityRank', type: 'number' },
} as const satisfies Record<string, Omit<Ordering, 'list' | 'direction'>>;

const filterTypesMax = 50;
const wordsMax = 10;

/** The words of a search in the form in which they are looked for; no text that is kept has a NUL character. */
function wordsOf(search: string | null | undefined): string[] {
  const words = (search ?? '').replaceAll('\0', ' ').normalize('NFC').toLowerCase().split(/\s+/);
  return words.filter(Boolean).slice(0, wordsMax);
}

/** The incidents of the tenant, the newest first unless ordered otherwise. */
export async function listIncidents(
  context: SecurityContext,
  args: QueryIncidentsArgs,
): Promise<Connection<IncidentModel>> {
  const { field, direction } = args.orderBy ?? { field: 'REPORTED_AT', direction: 'DESC' };
  const page = planPage(context.cursors, args, { list: 'security.incidents', ...incidentOrderings[field], direction });
  const filter = args.filter ?? {};
  if ((filter.types?.length ?? 0) > filterTypesMax) {
    const details = { limit: 'filterTypes', value: filterTypesMax, field: 'filter.types' };
    throw new PanoramaError(
      'OPERATION_LIMIT_EXCEEDED',
      `Ask for at most ${filterTypesMax} in \`filter.types\`.`,
      details,
    );
  }
  const selection = { words: wordsOf(args.search), filter };
  const rows = await context.database.read(context, (tx) => findIncidents(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countIncidents(tx, selection)));
}
