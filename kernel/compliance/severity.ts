/** How bad something is, from least to most; the enum `Severity` of the graph. */
export const severities = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;
export type Severity = (typeof severities)[number];

/** The share of what is still good that one thing of a severity takes away. */
const weights: Readonly<Record<Severity, number>> = { LOW: 0.05, MEDIUM: 0.15, HIGH: 0.3, CRITICAL: 0.6 };

/** Some things of one severity, each of which counts as much as `part` of one (all of it by default). */
export interface Burden {
  readonly severity: Severity;
  readonly count: number;
  readonly part?: number;
}

/**
 * How much is still good, from 100 (nothing is bad) towards 0, with two decimals: 100 times the product of `1 - weight` of
 * every single thing, where the weights are 0.05 for LOW, 0.15 for MEDIUM, 0.3 for HIGH and 0.6 for CRITICAL. So each one
 * counts, a bad one more than many harmless ones, and there is no end at which more of them makes no difference.
 */
export function soundness(burdens: readonly Burden[]): number {
  const share = burdens.reduce(
    (left, { severity, count, part = 1 }) => left * (1 - weights[severity] * part) ** count,
    1,
  );
  return Math.round(share * 10_000) / 100;
}
