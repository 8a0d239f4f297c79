/** Bounds of the pause before another attempt, in milliseconds. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly mostMs: number;
}

export const defaultBackoff: BackoffBounds = { firstMs: 250, mostMs: 30_000 };

/**
 * The pause before attempt `failures + 1`: somewhere between nothing and a bound that doubles with every failure, so
 * that clients which lost one server do not come back at one moment ("full jitter").
 */
export function pauseAfter(failures: number, { firstMs, mostMs }: BackoffBounds, random = Math.random): number {
  return random() * Math.min(mostMs, firstMs * 2 ** Math.max(0, failures - 1));
}

/** Resolves after the time, or at once when the signal is aborted; it never rejects. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
  });
}
