import type { CustomerInsights } from '../../generated/graphql/coordination.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';

/** What insights are worked out from; a part is null or left out when its app did not deliver it. */
export interface CustomerParts {
  /** From the users app; `lastLogin` is null before the first login. */
  readonly profile?: { readonly lastLogin?: unknown } | null | undefined;
  /** From the analytics app; a score from 0 to 100. */
  readonly behavior?: { readonly behaviorScore: number } | null | undefined;
  /** From the documents app. */
  readonly documents?: { readonly documentCount: number } | null | undefined;
}

/** What both formulas ask for. */
interface Figures {
  readonly hasLoggedIn: boolean;
  readonly behaviorScore: number;
  readonly documentCount: number;
}

/**
 * Rounds a number of moderate size to two decimals like Python's `round`, with which the formula was defined: to the
 * nearest, and a tie to the even digit. Scaling by 100 first would round twice, so the exact decimal expansion decides,
 * as it does in `toFixed`; that takes a tie upward. Only odd eighths (.125, .375, ...) are ties in binary.
 */
function roundToCents(value: number): number {
  const isTie = Math.abs(value * 8) % 2 === 1;
  if (!isTie) return Number(value.toFixed(2));
  const below = Math.floor(value * 100); // exact: value * 100 is an odd multiple of 12.5
  return (below % 2 === 0 ? below : below + 1) / 100;
}

/** Customer 360, health score: weights 0.3, 0.5 and 0.2; ten documents are as good as more. */
function scoreHealth({ hasLoggedIn, behaviorScore, documentCount }: Figures): number {
  const profileScore = hasLoggedIn ? 100 : 50;
  const documentScore = Math.min(100, documentCount * 10);
  return roundToCents(profileScore * 0.3 + behaviorScore * 0.5 + documentScore * 0.2);
}

/** Customer 360, recommendations. */
function recommendActions({ hasLoggedIn, behaviorScore, documentCount }: Figures): string[] {
  const actions: string[] = [];
  if (behaviorScore < 50) actions.push('Increase user engagement through targeted content');
  if (documentCount === 0) actions.push('Encourage document upload with onboarding guide');
  if (!hasLoggedIn) actions.push('Re-engagement campaign needed');
  return actions;
}

/** The part of an app, or `SUBGRAPH_UNAVAILABLE` with the app's name. */
function requirePart<Part>(part: Part | null | undefined, app: string): Part {
  if (part != null) return part;
  throw new PanoramaError('SUBGRAPH_UNAVAILABLE', `Insights need the part of the app "${app}", which is missing.`, {
    app,
  });
}

/** Works out the insights of one customer. Throws `SUBGRAPH_UNAVAILABLE` naming the first app whose part is missing. */
export function deriveInsights(parts: CustomerParts): CustomerInsights {
  const { lastLogin } = requirePart(parts.profile, 'users');
  const { behaviorScore } = requirePart(parts.behavior, 'analytics');
  const { documentCount } = requirePart(parts.documents, 'documents');
  const figures = { hasLoggedIn: lastLogin != null, behaviorScore, documentCount };
  return { healthScore: scoreHealth(figures), recommendedActions: recommendActions(figures) };
}
