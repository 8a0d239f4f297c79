import type { QueryRiskMetricsArgs, RiskDay, RiskMetrics } from '../../generated/graphql/security.ts';
import { severities, soundness } from '../../kernel/compliance/severity.ts';
import { daysOf, makeTimeRange } from '../../kernel/data/time-range.ts';
import type { SecurityContext } from './loaders.ts';
import { countByDay, countOpenIncidents, type DayCount, type OpenCount, readMeanTimes } from './store/risk.ts';

/** The risk by what is open (`RiskMetrics.riskScore`): what somebody looks after weighs half. */
function riskScoreOf(open: readonly OpenCount[]): number {
  const burdens = open.map(({ severity, isAcknowledged, count }) => ({
    severity,
    count,
    part: isAcknowledged ? 0.5 : 1,
  }));
  return Math.round((100 - soundness(burdens)) * 100) / 100;
}

const worstFirst = severities.toReversed();

function countBySeverity(open: readonly OpenCount[]): RiskMetrics['openBySeverity'] {
  return worstFirst.map((severity) => {
    const ofSeverity = open.filter((one) => one.severity === severity);
    return { severity, count: ofSeverity.reduce((sum, { count }) => sum + count, 0) };
  });
}

function fillDays(dates: readonly string[], counts: readonly DayCount[], openBefore: number): RiskDay[] {
  const byDate = Map.groupBy(counts, ({ date }) => date);
  let open = openBefore;
  return dates.map((date) => {
    const of = (kind: DayCount['kind']) => byDate.get(date)?.find((one) => one.kind === kind)?.count ?? 0;
    const [reported, acknowledged, resolved] = [of('reported'), of('acknowledged'), of('resolved')];
    open += reported - resolved;
    return { date, reported, acknowledged, resolved, open };
  });
}

/** What incidents say about the risk of the tenant. Throws `BAD_USER_INPUT` or `OPERATION_LIMIT_EXCEEDED`. */
export async function readRiskMetrics(context: SecurityContext, args: QueryRiskMetricsArgs): Promise<RiskMetrics> {
  const range = makeTimeRange(args);
  const [open, means, counts] = await context.database.read(context, (tx) =>
    Promise.all([countOpenIncidents(tx), readMeanTimes(tx, range), countByDay(tx, range)]),
  );
  return {
    riskScore: riskScoreOf(open),
    openIncidents: open.reduce((sum, { count }) => sum + count, 0),
    openBySeverity: countBySeverity(open),
    meanSecondsToAcknowledge: means.toAcknowledge,
    meanSecondsToResolve: means.toResolve,
    days: fillDays(daysOf(range), counts, means.openBefore),
  };
}
