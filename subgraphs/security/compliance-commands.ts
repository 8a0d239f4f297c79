import { z } from 'zod';
import type { RecordComplianceReportInput } from '../../generated/graphql/security.ts';
import type { Finding } from '../../kernel/compliance/check-rules.ts';
import { severities, soundness } from '../../kernel/compliance/severity.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, runCommand } from '../../kernel/subgraph/command.ts';
import { type CommandResult, done, entityId, parseInput, text } from '../../kernel/subgraph/input.ts';
import { isAppName } from '../../kernel/tenancy/app-name.ts';
import { reportCompletion } from './changes.ts';
import type { SecurityContext } from './loaders.ts';
import { insertReport } from './store/compliance-reports.ts';
import type { ComplianceReportModel } from './store.ts';

const appName = () => z.string().refine(isAppName, 'This is not the name of an app.');

const finding = z.object({
  app: appName(),
  rule: text(100),
  severity: z.enum(severities),
  subject: text(300),
  message: text(500),
});

const recordComplianceReportInput = z.object({
  id: entityId().nullish(),
  focus: z.enum(['USERS', 'DATA', 'DOCUMENTS', 'COMPREHENSIVE']),
  overallCompliance: z.boolean(),
  appsAudited: z.array(appName()).min(1, 'Name at least one app.').max(20, 'Name at most 20 apps.'),
  findings: z.array(finding).max(2_000, 'Give at most 2,000 findings.'),
  omitted: z.int().nonnegative('A count cannot be negative.'),
  recommendations: z.array(text(500)).max(100, 'Give at most 100 recommendations.'),
  runId: entityId().nullish(),
  requestedBy: text(200).nullish(),
});

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const reportConstraints = {
  compliance_reports_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
} as const satisfies ConstraintMeanings;

/** The score of a report by its broken rules, each of which counts once (`ComplianceReport.score`). */
function scoreOf(findings: readonly Finding[]): number {
  const broken = new Map(findings.map(({ app, rule, severity }) => [`${app} ${rule}`, severity]));
  return soundness([...broken.values()].map((severity) => ({ severity, count: 1 })));
}

/** Keeps what an audit came to. */
export async function recordComplianceReport(
  context: SecurityContext,
  input: RecordComplianceReportInput,
): Promise<CommandResult<ComplianceReportModel>> {
  const parsed = parseInput(recordComplianceReportInput, input);
  if (!parsed.ok) return parsed;
  const { id, runId, requestedBy, findings, ...rest } = parsed.value;
  const { userId, credentialId } = context.principal;
  const report = {
    ...rest,
    id: id ?? newEntityId(),
    findings,
    score: scoreOf(findings),
    runId: runId ?? null,
    requestedBy: requestedBy ?? userId ?? credentialId,
    completedAt: new Date(),
  };
  return runCommand(context, reportConstraints, async (tx, publish) => {
    const recorded = await insertReport(tx, report);
    publish(reportCompletion(recorded));
    return done(recorded);
  });
}
