import { type ComplianceRule, checkRules, type Findings } from '../../kernel/compliance/check-rules.ts';
import type { DocumentsContext } from './loaders.ts';
import { readRetentionRules } from './retention.ts';
import { findLongWaiting, findPastRetention } from './store/compliance.ts';

const waitingMillis = 90 * 86_400_000;

/** The same day some years before; of February 29th, March 1st. */
function yearsBefore(at: Date, years: number): Date {
  const before = new Date(at);
  before.setUTCFullYear(before.getUTCFullYear() - years);
  return before;
}

const rules: readonly ComplianceRule<DocumentsContext>[] = [
  {
    name: 'document-past-retention',
    severity: 'HIGH',
    entity: 'Document',
    message: 'The document is kept longer than it says, or longer than documents of its type where it says nothing.',
    recommendation: 'Delete documents whose time is over, or say until when they have to be kept.',
    find: (context, at, limit) =>
      context.database.read(context, async (tx) => {
        const rules = await readRetentionRules(tx);
        const limits = rules.map(({ type, years }) => ({ type, madeBefore: yearsBefore(at, years) }));
        return findPastRetention(tx, at, limits, limit);
      }),
  },
  {
    name: 'document-left-unprocessed',
    severity: 'LOW',
    entity: 'Document',
    message: 'The document has a text that has waited for 90 days to be processed.',
    recommendation: 'Process what waits, so that it is known what documents hold.',
    find: (context, at, limit) =>
      context.database.read(context, (tx) => findLongWaiting(tx, new Date(at.getTime() - waitingMillis), limit)),
  },
];

/** What breaks the rules for documents at an instant. */
export function findBreaches(context: DocumentsContext, at: Date | null | undefined): Promise<Findings> {
  return checkRules('documents', rules, context, at ?? new Date());
}
