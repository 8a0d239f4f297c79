import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { RateLimitStore } from './rate-limit.ts';

/** Counts in this process. */
export function createMemoryRateLimitStore(): RateLimitStore {
  // The limits are ours to compare with: a key may have one of its own.
  const counter = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: 60 });
  return {
    async add(key, amount) {
      const { consumedPoints, msBeforeNext } = await counter.penalty(key, amount);
      return { used: consumedPoints, msLeft: msBeforeNext };
    },
  };
}
