import { hash } from 'node:crypto';
import { z } from 'zod';
import { defineWorkflow, type StepDefinition, type StepResults } from './definition.ts';

const focuses = ['USERS', 'DATA', 'DOCUMENTS', 'COMPREHENSIVE'] as const;
const input = z.object({
  focus: z.enum(focuses, { error: `The focus is one of: ${focuses.join(', ')}.` }),
  requestedBy: z.string(),
});

type AuditInput = z.output<typeof input>;

interface Finding {
  readonly app: string;
  readonly rule: string;
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
}

/** What an app found: records by their ids, and texts that are the same for all. */
interface Findings {
  readonly findings: readonly Finding[];
  readonly omitted: number;
  readonly recommendations: readonly string[];
  readonly compliant: boolean;
}

const complianceFindings = `query ($at: DateTime!) {
  complianceFindings(at: $at) {
    findings { app rule severity subject message } omitted recommendations compliant
  }
}`;
const recordComplianceReport = `mutation ($input: RecordComplianceReportInput!) {
  recordComplianceReport(input: $input) { report { id score } userErrors { field message code } }
}`;

/** The step that audits an app, where the focus is on it. */
function audit(name: string, app: string, focus: AuditInput['focus']): StepDefinition<AuditInput> {
  return {
    name,
    when: (asked) => asked.focus === focus || asked.focus === 'COMPREHENSIVE',
    timeoutMs: 60_000,
    async run({ ask, results }) {
      const answer = await ask<{ complianceFindings: Findings }>(app, complianceFindings, { at: results.begin?.at });
      return { app, ...answer.complianceFindings };
    },
  };
}

/** What all apps that were audited found together. */
function merge(results: StepResults) {
  const parts = ['auditUsers', 'auditAnalytics', 'auditCustomers', 'auditDocuments'].flatMap((step) => {
    const part = results[step] as (Findings & { readonly app: string }) | undefined;
    return part ? [part] : [];
  });
  return {
    overallCompliance: parts.every(({ compliant }) => compliant),
    appsAudited: parts.map(({ app }) => app),
    findings: parts.flatMap(({ findings }) => findings),
    omitted: parts.reduce((count, { omitted }) => count + omitted, 0),
    recommendations: [...new Set(parts.flatMap(({ recommendations }) => recommendations))],
  };
}

/** Audits the apps that the focus is on, all at one instant, and keeps what they found as a report. */
export const runComplianceAudit = defineWorkflow<AuditInput>({
  name: 'runComplianceAudit',
  permissions: ['read:compliance', 'read:security', 'write:compliance'],
  input,
  steps: [
    { name: 'begin', run: async () => ({ at: new Date().toISOString() }) },
    {
      parallel: [
        audit('auditUsers', 'users', 'USERS'),
        audit('auditAnalytics', 'analytics', 'DATA'),
        audit('auditCustomers', 'crm', 'DATA'),
        audit('auditDocuments', 'documents', 'DOCUMENTS'),
      ],
    },
    {
      name: 'recordReport',
      async run({ ask, input: { focus, requestedBy }, results, run }) {
        const id = `rep_${hash('sha256', `${run.id} ${run.attempt}`, 'hex').slice(0, 32)}`;
        const report = { id, focus, requestedBy, runId: run.id, ...merge(results) };
        const answer = await ask<{ recordComplianceReport: { report: { id: string; score: number } } }>(
          'security',
          recordComplianceReport,
          { input: report },
        );
        const { report: kept } = answer.recordComplianceReport;
        return { reportId: kept.id, score: kept.score };
      },
    },
  ],
  result(results, { focus }) {
    const { findings, ...rest } = merge(results);
    return { focus, ...rest, findingCount: findings.length, findings, ...results.recordReport };
  },
});
