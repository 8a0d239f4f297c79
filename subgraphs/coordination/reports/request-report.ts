import { z } from 'zod';
import type { RequestReportInput } from '../../../generated/graphql/coordination.ts';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { makeTimeRange, type TimeRange } from '../../../kernel/data/time-range.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { grants } from '../../../kernel/permissions/permission.ts';
import { type ConstraintMeanings, runCommand } from '../../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, refused } from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { insertReport, removeOldReports } from '../store/reports.ts';
import type { ReportModel } from '../store.ts';
import { pokeWorkflows } from '../workflows/engine.ts';
import { startWorkflow } from '../workflows/start.ts';
import { reportDeletion, reportRequest } from './changes.ts';
import { kindNames, reportKinds } from './report-kinds.ts';
import { reportWorkflow } from './report-workflow.ts';

const keptDays = 30;
const dayMillis = 86_400_000;
/** How many reports a tenant has at most; the oldest make room. */
const mostKept = 200;

const requestReportInput = z.object({
  id: entityId().nullish(),
  kind: z.enum(kindNames),
  from: z.date().nullish(),
  to: z.date().nullish(),
  timeZone: z.string(),
});

const takenId = { code: 'CONFLICT', field: 'id', message: 'This id is taken.' } as const;
const reportConstraints: ConstraintMeanings = { reports_pkey: takenId };

function parseRange(input: Parameters<typeof makeTimeRange>[0]): CommandResult<TimeRange> {
  try {
    return done(makeTimeRange(input));
  } catch (error) {
    if (!(error instanceof PanoramaError)) throw error;
    return refused('BAD_USER_INPUT', String(error.extensions.field), error.message);
  }
}

/** Begins the making of a report. Whoever asks for it may read all that will be in it. */
export async function requestReport(
  context: CoordinationContext,
  input: RequestReportInput,
): Promise<CommandResult<ReportModel>> {
  const parsed = parseInput(requestReportInput, input);
  if (!parsed.ok) return parsed;
  const { id: given, kind, ...times } = parsed.value;
  const ranged = parseRange(times);
  if (!ranged.ok) return ranged;
  const { principal, correlationId } = context;
  const missing = reportKinds[kind].needs.find((need) => !grants(principal.permissions, need));
  if (missing !== undefined) return refused('FORBIDDEN', 'kind', `This report needs the permission ${missing}.`);
  const id = given ?? newEntityId();
  const { from, to, timeZone } = ranged.value;
  const result = await runCommand(context, reportConstraints, async (tx, publish) => {
    const requestedAt = new Date();
    const expiresAt = new Date(requestedAt.getTime() + keptDays * dayMillis);
    const requestedBy = principal.userId ?? principal.credentialId;
    for (const old of await removeOldReports(tx, requestedAt, mostKept - 1)) publish(reportDeletion(old));
    const range = { rangeFrom: from, rangeTo: to, timeZone };
    const report = await insertReport(tx, { id, kind, ...range, requestedBy, requestedAt, expiresAt });
    publish(reportRequest(report));
    const asked = { kind, from: from.toISOString(), to: to.toISOString(), timeZone };
    const { isNew } = await startWorkflow({ tx, publish, principal, correlationId }, reportWorkflow, asked, { id });
    return isNew ? done(report) : refused(takenId.code, takenId.field, takenId.message);
  });
  if (result.ok) pokeWorkflows(context);
  return result;
}
