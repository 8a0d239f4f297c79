import { isTransientConflict, isUnreachable } from '../../data/database-errors.ts';
import { PanoramaError } from '../../errors/panorama-error.ts';
import type { Failure } from './event-rows.ts';

/** How often an event is tried, and when again. */
export interface RetryPolicy {
  /** After so many attempts it is given up. */
  readonly mostAttempts: number;
  /** How long to wait after so many attempts, in milliseconds. */
  readonly backoffMs: (attempts: number) => number;
}

const firstMs = 1_000;

/**
 * Eight attempts in about two minutes: 1, 2, 4, ... seconds apart, each between half of that and one and a half, so that
 * what failed together is not tried together.
 */
export const usualRetries: RetryPolicy = Object.freeze({
  mostAttempts: 8,
  backoffMs: (attempts: number) => firstMs * 2 ** (attempts - 1) * (0.5 + Math.random()),
});

/** Thrown where a handler was not waited for any longer, because its app stops. */
export class HandlerLeft extends Error {}

/** Whether it is no fault of the handler: the same is tried again, and does not count. */
export function isPassing(error: unknown): boolean {
  return isUnreachable(error) || isTransientConflict(error) || error instanceof HandlerLeft;
}

/**
 * What is kept of a failure. Errors that were designed say what everybody may read; what else was thrown may hold personal
 * data, and is in the log only.
 */
export function failureOf(error: unknown, attempts: number, { mostAttempts, backoffMs }: RetryPolicy): Failure {
  const isDesigned = error instanceof PanoramaError;
  return {
    code: isDesigned ? error.code : 'INTERNAL_SERVER_ERROR',
    message: isDesigned ? error.message.slice(0, 500) : 'The handler failed; the log says more.',
    retryMs: attempts < mostAttempts ? backoffMs(attempts) : undefined,
  };
}
