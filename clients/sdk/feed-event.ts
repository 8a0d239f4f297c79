/** What a subscription that resumes gives, as far as resuming needs to know it. */
export type FeedEvent =
  | { readonly kind: 'batch'; readonly from: string | undefined; readonly to: string }
  /** The past is gone: load the current state, then go on from `from`. */
  | { readonly kind: 'resync'; readonly from: string }
  /** The selection leaves out what resuming needs. */
  | { readonly kind: 'unreadable'; readonly missing: string };

/** Reads the one root field of a subscription's answer, whatever else is selected in it. */
export function readFeedEvent(data: unknown): FeedEvent | undefined {
  const [event] = typeof data === 'object' && data !== null ? Object.values(data) : [];
  if (typeof event !== 'object' || event === null) return undefined;
  const { __typename, from, to, reason } = event as Record<string, unknown>;
  if (typeof to === 'string') return { kind: 'batch', from: typeof from === 'string' ? from : undefined, to };
  const isResync = __typename === 'Resync' || typeof reason === 'string';
  if (isResync && typeof from === 'string') return { kind: 'resync', from };
  return { kind: 'unreadable', missing: isResync ? '`... on Resync { reason from }`' : '`from` and `to` of the batch' };
}
