import type { DocumentNode } from 'graphql';
import type { OperationLimits } from '../../kernel/config/operation-limits.ts';
import type { Supergraph } from '../supergraph/supergraph.ts';
import { createDocumentLimiter } from './document-limits.ts';
import { limitExceeded } from './limit-exceeded.ts';
import { createOperationPricer } from './operation-cost.ts';
import type { RateLimiter, Sender } from './rate-limit.ts';
import { checkVariables } from './variable-limits.ts';

type Variables = Readonly<Record<string, unknown>>;

/** An operation of a valid document, with coerced variables. */
export interface ValidOperation {
  readonly supergraph: Supergraph;
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Variables;
}

/** The gates that every operation passes before there is work for it, whichever door it came by. */
export interface OperationGates {
  /** Before validation: throws `OPERATION_LIMIT_EXCEEDED` for what is too large. Documents are told apart by identity. */
  checkSize(document: DocumentNode, variables: Variables): void;
  /** Before planning: throws `OPERATION_LIMIT_EXCEEDED` for what costs too much, and rejects with `RATE_LIMITED`. */
  charge(operation: ValidOperation, sender: Sender): Promise<void>;
}

/** Stores count in 32 bits. */
const mostCharged = 1_000_000_000;

/** Makes the gates. */
export function createOperationGates(limits: OperationLimits, rateLimiter: RateLimiter): OperationGates {
  const checkDocument = createDocumentLimiter(limits);
  const priceOperation = createOperationPricer();
  return {
    checkSize(document, variables) {
      checkDocument(document);
      checkVariables(variables, limits);
    },
    async charge({ supergraph, document, operationName, variables }, sender) {
      const cost = priceOperation(supergraph, document, operationName, variables);
      if (cost > limits.cost) throw limitExceeded(limits, 'cost');
      await rateLimiter.charge(sender, Math.min(cost, mostCharged));
    },
  };
}
