import type { Severity } from './severity.ts';

/** A rule that the records of an app have to keep to. Data, but for the search for those that break it. */
export interface ComplianceRule<Reader> {
  /** What it is called in findings: words with hyphens. */
  readonly name: string;
  readonly severity: Severity;
  /** The type of the records, as the graph names it. */
  readonly entity: string;
  /** What is wrong with each of them; nothing personal. */
  readonly message: string;
  /** What to do about it. */
  readonly recommendation: string;
  /** The ids of records that break it at an instant, at most `limit` of them, those that have done so longest first. */
  readonly find: (reader: Reader, at: Date, limit: number) => Promise<readonly string[]>;
}

/** A record that breaks a rule; `ComplianceFinding` of the graph. */
export interface Finding {
  readonly app: string;
  readonly rule: string;
  readonly severity: Severity;
  /** `<type>:<id>` */
  readonly subject: string;
  readonly message: string;
}

/** What checking an app came to; `ComplianceFindings` of the graph. */
export interface Findings {
  readonly findings: Finding[];
  readonly omitted: number;
  readonly recommendations: string[];
  readonly compliant: boolean;
}

/** How many findings of a rule are told one by one, and how many are looked for at all. */
const findingsMax = { told: 50, counted: 1_000 } as const;

/**
 * Checks the records of an app against its rules, one after another, worst first as the table has them. The work is
 * bounded: no rule looks for more than 1,000 breaches.
 */
export async function checkRules<Reader>(
  app: string,
  rules: readonly ComplianceRule<Reader>[],
  reader: Reader,
  at: Date,
): Promise<Findings> {
  const findings: Finding[] = [];
  const broken: ComplianceRule<Reader>[] = [];
  let omitted = 0;
  for (const rule of rules) {
    const ids = await rule.find(reader, at, findingsMax.counted);
    if (ids.length === 0) continue;
    broken.push(rule);
    const { name, severity, entity, message } = rule;
    const told = ids.slice(0, findingsMax.told);
    findings.push(...told.map((id) => ({ app, rule: name, severity, subject: `${entity}:${id}`, message })));
    omitted += ids.length - told.length;
  }
  return {
    findings,
    omitted,
    recommendations: broken.map(({ recommendation }) => recommendation),
    compliant: broken.every(({ severity }) => severity === 'LOW'),
  };
}
