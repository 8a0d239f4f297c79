import { hash } from 'node:crypto';
import type { GraphQLError } from 'graphql';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';

/** What a mutation asks for. */
export interface AskedMutation {
  readonly text: string;
  readonly operationName: string | undefined;
  /** As they were coerced: in the order of the document, defaults included. */
  readonly variables: Readonly<Record<string, unknown>>;
}

/** What is signed for the apps beside the idempotency key of a mutation, so that each knows the same one again. */
export function digestRequest(
  { idempotencyKey }: RequestContext,
  { text, operationName, variables }: AskedMutation,
): Pick<RequestContext, 'requestDigest'> {
  if (idempotencyKey === undefined) return {};
  return { requestDigest: hash('sha256', JSON.stringify([text, operationName ?? null, variables]), 'base64url') };
}

/**
 * Refuses a mutation as a whole, and not field by field, when an app knows its key from another: every app that is asked
 * says the same.
 */
export function refuseOtherRequest(errors: readonly GraphQLError[] | undefined): void {
  const mismatch = errors?.find(({ extensions }) => extensions.code === 'IDEMPOTENCY_MISMATCH');
  if (mismatch) throw new PanoramaError('IDEMPOTENCY_MISMATCH', mismatch.message);
}
