import { setImmediate } from 'node:timers/promises';
import type { DocumentValidator } from '../admission/validate-document.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import type { ParsedDocument, PlanCache } from './plan-cache.ts';

/** An operation that will be asked for: its document as clients send it, and its name in there. */
export interface HotOperation extends ParsedDocument {
  readonly operationName: string | undefined;
}

/** An operation that has no plan, with the reason. */
export interface UnplannedOperation {
  readonly operationName: string | undefined;
  readonly reason: string;
}

/** What a warm-up came to. */
export interface WarmUpReport {
  readonly planned: number;
  readonly skipped: readonly UnplannedOperation[];
}

export interface WarmUpOptions {
  readonly supergraph: Supergraph;
  readonly operations: readonly HotOperation[];
  readonly validateDocument: DocumentValidator;
  readonly planOperation: PlanCache;
  /** Ends the warm-up early; what is planned by then stays. */
  readonly signal: AbortSignal;
}

/**
 * Validates and plans operations before they are asked for. Those that cannot be planned are skipped. Planning takes the
 * thread for milliseconds at a time, so requests are let through between two plans.
 */
export async function warmPlans(options: WarmUpOptions): Promise<WarmUpReport> {
  const skipped: UnplannedOperation[] = [];
  let planned = 0;
  for (const operation of options.operations) {
    await setImmediate();
    if (options.signal.aborted) break;
    const reason = planOne(options, operation);
    if (reason === undefined) planned += 1;
    else skipped.push({ operationName: operation.operationName, reason });
  }
  return { planned, skipped };
}

/** Why there is no plan; undefined when there is one. */
function planOne(options: WarmUpOptions, operation: HotOperation): string | undefined {
  const { supergraph, validateDocument, planOperation } = options;
  const [mistake] = validateDocument(supergraph, operation.document);
  if (mistake) return mistake.message;
  try {
    planOperation(supergraph, operation, operation.operationName);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
