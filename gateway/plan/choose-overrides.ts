/** Tells for a label of a progressive override, other than `percent(n)`, whether the override holds. */
export type OverrideDecision = (label: string) => boolean;

const none: ReadonlySet<string> = new Set();

/**
 * Decides which progressive overrides hold for one request.
 *
 * `percent(n)` holds for n of 100 requests. All such labels of a request are decided by one draw, so that n labels lead
 * to at most n + 1 plans of a document, and not to 2^n.
 *
 * @param decide For all other labels; without it none of them holds.
 * @param draw From 0 (inclusive) to 1 (exclusive).
 */
export function chooseOverrides(
  labels: ReadonlySet<string>,
  decide: OverrideDecision = () => false,
  draw: number = Math.random(),
): ReadonlySet<string> {
  if (labels.size === 0) return none;
  return new Set([...labels].filter((label) => holds(label, decide, draw)));
}

function holds(label: string, decide: OverrideDecision, draw: number): boolean {
  const percentage = /^percent\((\d+(?:\.\d+)?)\)$/.exec(label)?.[1];
  return percentage === undefined ? decide(label) : draw * 100 < Number(percentage);
}
