import type { DocumentNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { estimateBytes } from './estimate-bytes.ts';
import { type OperationPlan, planOperation } from './plan-operation.ts';
import type { Verdict } from './refuse-fields.ts';

/** A document and what it was parsed from. */
export interface ParsedDocument {
  readonly text: string;
  readonly document: DocumentNode;
}

/**
 * Plans an operation, or gives the plan made for it before. Throws as `planOperation` does; errors are not kept.
 *
 * @param overrides The labels of the progressive overrides that hold; none by default.
 * @param isInParts Whether what the client defers may be answered later; not by default.
 * @param verdict What the principal does not meet; nothing by default.
 */
export type PlanCache = (
  supergraph: Supergraph,
  parsed: ParsedDocument,
  operationName?: string,
  overrides?: ReadonlySet<string>,
  isInParts?: boolean,
  verdict?: Verdict,
) => OperationPlan;

/** What the executor compiles from a plan lives as long as the plan and is about as large. */
const bytesBesidePlan = 2;

/**
 * Makes a cache of plans by supergraph, document text, operation name, overrides and verdict. When it is full, the plans used
 * longest ago are dropped; a plan that alone is too large is not kept.
 *
 * @param maxBytes How much memory the plans and their documents' texts may take, by estimate.
 */
export function createPlanCache(maxBytes: number): PlanCache {
  const plans = new LRUCache<string, OperationPlan>({
    maxSize: maxBytes,
    sizeCalculation: (plan, key) => bytesBesidePlan * estimateBytes(plan) + 2 * key.length,
  });
  return (supergraph, { text, document }, operationName, overrides = none, isInParts = false, verdict) => {
    // No name and an empty name differ; no id, name or label holds a line break.
    const name = operationName === undefined ? '' : `=${operationName}`;
    const key = `${supergraph.id}\n${name}\n${[...overrides].sort()}\n${isInParts ? 'parts' : ''}\n${verdict?.key ?? ''}\n${text}`;
    const known = plans.get(key);
    if (known) return known;
    const plan = planOperation(supergraph, document, operationName, overrides, isInParts, verdict);
    plans.set(key, plan);
    return plan;
  };
}

const none: ReadonlySet<string> = new Set();
