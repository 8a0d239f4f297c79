import type { IncidentFilter, IncidentStatus } from '../../../generated/graphql/security.ts';
import type { Prisma } from '../../../generated/prisma/security/client.ts';
import { containing } from '../../../kernel/data/containing.ts';
import { missingRows } from '../../../kernel/data/missing-rows.ts';
import type { PageQuery } from '../../../kernel/data/page.ts';
import { isEntityId } from '../../../kernel/tenancy/ids.ts';
import type { IncidentModel, SecurityTransaction } from '../store.ts';

/** Which incidents to find: those that have every word, in lower case, and pass the filter. */
export interface IncidentSelection {
  readonly words: readonly string[];
  readonly filter: IncidentFilter;
}

function whereIncidents(tx: SecurityTransaction, { words, filter }: IncidentSelection): Prisma.IncidentWhereInput {
  const { types, severities, statuses, reportedFrom, reportedTo } = filter;
  return {
    tenantId: tx.tenantId,
    ...(types && { type: { in: [...types] } }),
    ...(severities && { severity: { in: [...severities] } }),
    ...(statuses && { status: { in: [...statuses] } }),
    reportedAt: { ...(reportedFrom && { gte: reportedFrom }), ...(reportedTo && { lt: reportedTo }) },
    AND: words.map((word) => ({ searchKey: containing(word) })),
  };
}

export async function findIncidents(
  tx: SecurityTransaction,
  selection: IncidentSelection,
  page: PageQuery,
): Promise<IncidentModel[]> {
  const where = { AND: [whereIncidents(tx, selection), page.where] };
  const rows = await tx.client.incident.findMany({ where, orderBy: page.orderBy, take: page.take });
  return rows as IncidentModel[];
}

export function countIncidents(tx: SecurityTransaction, selection: IncidentSelection): Promise<number> {
  return tx.client.incident.count({ where: whereIncidents(tx, selection) });
}

export async function findIncidentsById(tx: SecurityTransaction, ids: readonly string[]): Promise<IncidentModel[]> {
  const where = { tenantId: tx.tenantId, id: { in: ids.filter(isEntityId) } };
  return (await tx.client.incident.findMany({ where })) as IncidentModel[];
}

export type NewIncident = Omit<Prisma.IncidentUncheckedCreateInput, 'tenantId' | 'searchKey' | 'severityRank'>;

/** The text in which the words of a search are looked for. */
const searchKeyOf = ({ type, description }: Pick<NewIncident, 'type' | 'description'>) =>
  `${type} ${description}`.normalize('NFC').toLowerCase();

export async function insertIncident(tx: SecurityTransaction, incident: NewIncident): Promise<IncidentModel> {
  const data = { ...incident, searchKey: searchKeyOf(incident), tenantId: tx.tenantId };
  return (await tx.client.incident.create({ data })) as IncidentModel;
}

/** The fields of an incident that a new state brings with it. */
export type IncidentChange = Pick<
  Prisma.IncidentUncheckedUpdateManyInput,
  'acknowledgedBy' | 'resolvedBy' | 'resolution'
> & {
  readonly acknowledgedAt?: Date;
  readonly resolvedAt?: Date;
};

/**
 * Takes an incident from one state to another and counts its version up; null when there is none with this id in that state
 * (and of this version, if one is given).
 */
export async function moveIncident(
  tx: SecurityTransaction,
  id: string,
  { from, to }: { readonly from: IncidentStatus; readonly to: IncidentStatus },
  baseVersion: number | undefined,
  change: IncidentChange,
): Promise<IncidentModel | null> {
  const [incident] = await tx.client.incident.updateManyAndReturn({
    where: { tenantId: tx.tenantId, id, status: from, ...(baseVersion !== undefined && { version: baseVersion }) },
    data: { ...change, status: to, updatedAt: new Date(), version: { increment: 1 } },
  });
  return (incident as IncidentModel | undefined) ?? null;
}

/** Writes incidents with one statement; one whose id is taken stays as it is. */
export async function insertMissingIncidents(
  tx: SecurityTransaction,
  incidents: readonly NewIncident[],
): Promise<void> {
  const rows = incidents.map((incident) => ({ ...incident, searchKey: searchKeyOf(incident) }));
  await tx.client.incident.createMany(missingRows(tx, rows));
}
