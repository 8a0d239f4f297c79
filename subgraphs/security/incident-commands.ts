import { z } from 'zod';
import type {
  AcknowledgeIncidentInput,
  ReportIncidentInput,
  ResolveIncidentInput,
} from '../../generated/graphql/security.ts';
import { severities } from '../../kernel/compliance/severity.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, notFound, runCommand, staleVersion } from '../../kernel/subgraph/command.ts';
import {
  baseVersion,
  type CommandResult,
  done,
  entityId,
  parseInput,
  refused,
  text,
} from '../../kernel/subgraph/input.ts';
import { isAppName } from '../../kernel/tenancy/app-name.ts';
import type { Principal } from '../../kernel/tenancy/principal.ts';
import { incidentChange } from './changes.ts';
import { type IncidentStep, incidentSteps, refusalOfStep } from './incident-states.ts';
import type { SecurityContext } from './loaders.ts';
import { findIncidentsById, type IncidentChange, insertIncident, moveIncident } from './store/incidents.ts';
import type { IncidentModel, SecurityTransaction } from './store.ts';

const textMax = 4_000;

const reportIncidentInput = z.object({
  id: entityId().nullish(),
  type: z
    .string()
    .max(64, 'Use at most 64 characters.')
    .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, 'Use letters, digits, _, - and ., with a letter first, as in data_breach.'),
  severity: z.enum(severities),
  description: text(textMax),
  affectedApps: z
    .array(z.string().refine(isAppName, 'This is not the name of an app.'))
    .max(20, 'Name at most 20 apps.')
    .nullish(),
  affectedCustomerIds: z.array(entityId()).max(100, 'Name at most 100 customers.').nullish(),
});

const acknowledgeIncidentInput = z.object({ id: entityId(), baseVersion: baseVersion().nullish() });

const resolveIncidentInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  resolution: text(textMax),
});

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const incidentConstraints = {
  incidents_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
} as const satisfies ConstraintMeanings;

/** Who does something: a user, or else a credential. */
const actorOf = ({ userId, credentialId }: Principal) => userId ?? credentialId;

/** Reports an incident. The customers and apps that it names belong to others and are not looked up. */
export async function reportIncident(
  context: SecurityContext,
  input: ReportIncidentInput,
): Promise<CommandResult<IncidentModel>> {
  const parsed = parseInput(reportIncidentInput, input);
  if (!parsed.ok) return parsed;
  const { id, type, severity, description, affectedApps, affectedCustomerIds } = parsed.value;
  const now = new Date();
  const incident = {
    id: id ?? newEntityId(),
    type,
    severity,
    description,
    affectedApps: [...new Set(affectedApps)],
    affectedCustomerIds: [...new Set(affectedCustomerIds)],
    reportedBy: actorOf(context.principal),
    sourceApp: context.principal.app,
    reportedAt: now,
    updatedAt: now,
  };
  return runCommand(context, incidentConstraints, async (tx, publish) => {
    const reported = await insertIncident(tx, incident);
    publish(incidentChange('SECURITY_INCIDENT', reported));
    return done(reported);
  });
}

/** Why an incident could not take a step. */
async function refuseStep(
  tx: SecurityTransaction,
  id: string,
  step: IncidentStep,
  base: number | null | undefined,
): Promise<CommandResult<never>> {
  const [current] = await findIncidentsById(tx, [id]);
  if (!current) return notFound('id', 'incident');
  if (base != null && base !== current.version) return staleVersion(current.version);
  return refused('CONFLICT', 'id', refusalOfStep(step, current.status));
}

/** Takes an incident one step further, if it is in the state from which that leads. */
function takeStep(
  context: SecurityContext,
  step: IncidentStep,
  { id, baseVersion: base }: { readonly id: string; readonly baseVersion?: number | null | undefined },
  change: IncidentChange,
): Promise<CommandResult<IncidentModel>> {
  return runCommand(context, incidentConstraints, async (tx, publish) => {
    const incident = await moveIncident(tx, id, incidentSteps[step], base ?? undefined, change);
    if (!incident) return refuseStep(tx, id, step, base);
    publish(incidentChange(`INCIDENT_${incident.status}`, incident));
    return done(incident);
  });
}

/** Notes that somebody looks after an incident. */
export async function acknowledgeIncident(
  context: SecurityContext,
  input: AcknowledgeIncidentInput,
): Promise<CommandResult<IncidentModel>> {
  const parsed = parseInput(acknowledgeIncidentInput, input);
  if (!parsed.ok) return parsed;
  const change = { acknowledgedBy: actorOf(context.principal), acknowledgedAt: new Date() };
  return takeStep(context, 'acknowledge', parsed.value, change);
}

/** Ends an incident. */
export async function resolveIncident(
  context: SecurityContext,
  input: ResolveIncidentInput,
): Promise<CommandResult<IncidentModel>> {
  const parsed = parseInput(resolveIncidentInput, input);
  if (!parsed.ok) return parsed;
  const { resolution } = parsed.value;
  const change = { resolvedBy: actorOf(context.principal), resolvedAt: new Date(), resolution };
  return takeStep(context, 'resolve', parsed.value, change);
}
