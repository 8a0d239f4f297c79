import type { ReportKind } from '../../../generated/graphql/coordination.ts';
import type { TimeRange } from '../../../kernel/data/time-range.ts';
import type { Permission } from '../../../kernel/permissions/permission.ts';
import type { StepContext } from '../workflows/definition.ts';
import { gatherActivity, gatherMetrics, metricColumns } from './gather-figures.ts';
import {
  customerColumns,
  dealColumns,
  gatherCustomers,
  gatherDeals,
  gatherLeads,
  leadColumns,
} from './gather-records.ts';
import type { Row } from './render-report.ts';

/** Asks an app in the name of coordination. */
export type Ask = StepContext<unknown>['ask'];

/** One kind of report. */
export interface ReportDefinition {
  /** What whoever requests or reads it has to hold, and all that making it may use. */
  readonly needs: readonly Permission[];
  readonly columns: readonly string[];
  /** The rows, page by page. */
  readonly gather: (ask: Ask, range: TimeRange) => AsyncGenerator<readonly Row[]>;
}

/** The kinds of report that there are. */
export const reportKinds: Readonly<Record<ReportKind, ReportDefinition>> = {
  ACTIVITY_SUMMARY: {
    needs: ['read:metrics'],
    columns: ['app', 'sessionType', 'sessions'],
    gather: gatherActivity,
  },
  METRICS: { needs: ['read:metrics'], columns: metricColumns, gather: gatherMetrics },
  CUSTOMERS: {
    needs: ['read:users', 'read:analytics', 'read:documents'],
    columns: customerColumns,
    gather: gatherCustomers,
  },
  LEADS: { needs: ['read:leads'], columns: leadColumns, gather: gatherLeads },
  DEALS: { needs: ['read:deals'], columns: dealColumns, gather: gatherDeals },
};

/** The names of the kinds. */
export const kindNames = Object.keys(reportKinds) as readonly ReportKind[];
