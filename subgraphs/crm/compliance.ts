import { type ComplianceRule, checkRules, type Findings } from '../../kernel/compliance/check-rules.ts';
import type { CrmContext } from './loaders.ts';
import { findForgotten } from './store/compliance.ts';

/** After how many years without an activity there is no reason any more to keep what is known of a person. */
const silentYears = 3;

function silentSince(at: Date): Date {
  const since = new Date(at);
  since.setUTCFullYear(since.getUTCFullYear() - silentYears);
  return since;
}

const rules: readonly ComplianceRule<CrmContext>[] = [
  {
    name: 'contact-without-activity',
    severity: 'MEDIUM',
    entity: 'Contact',
    message: `Nothing has happened with the contact for ${silentYears} years.`,
    recommendation: 'Erase contacts with whom nothing has happened for years, or write to them.',
    find: (context, at, limit) =>
      context.database.read(context, (tx) => findForgotten(tx, 'contacts', silentSince(at), limit)),
  },
  {
    name: 'lead-without-activity',
    severity: 'MEDIUM',
    entity: 'Lead',
    message: `Nothing has happened with the lead for ${silentYears} years.`,
    recommendation: 'Erase leads with whom nothing has happened for years, or set them to LOST and then erase them.',
    find: (context, at, limit) =>
      context.database.read(context, (tx) => findForgotten(tx, 'leads', silentSince(at), limit)),
  },
];

/** What breaks the rules for contacts and leads at an instant. */
export function findBreaches(context: CrmContext, at: Date | null | undefined): Promise<Findings> {
  return checkRules('crm', rules, context, at ?? new Date());
}
