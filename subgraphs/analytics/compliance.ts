import { type ComplianceRule, checkRules, type Findings } from '../../kernel/compliance/check-rules.ts';
import type { AnalyticsContext } from './loaders.ts';
import { findWithoutConsent } from './store/compliance.ts';

const rules: readonly ComplianceRule<AnalyticsContext>[] = [
  {
    name: 'events-without-consent',
    severity: 'HIGH',
    entity: 'Customer',
    message: 'Events with properties are kept of the customer, who has not agreed to analytics.',
    recommendation: 'Ask customers for their consent to analytics, or track their events without properties.',
    find: (context, at, limit) =>
      context.database.read(context, (tx) => findWithoutConsent(tx, 'ANALYTICS', at, limit)),
  },
  {
    name: 'preferences-without-consent',
    severity: 'MEDIUM',
    entity: 'Customer',
    message: 'Preferences are kept of the customer, who has not agreed to personalisation.',
    recommendation: 'Ask customers for their consent to personalisation, or forget their preferences.',
    find: (context, at, limit) =>
      context.database.read(context, (tx) => findWithoutConsent(tx, 'PERSONALISATION', at, limit)),
  },
];

/** What breaks the rules for data on customers at an instant. */
export function findBreaches(context: AnalyticsContext, at: Date | null | undefined): Promise<Findings> {
  return checkRules('analytics', rules, context, at ?? new Date());
}
