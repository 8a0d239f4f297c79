import { hash } from 'node:crypto';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { CallApp } from '../../../kernel/subgraph/call-app.ts';
import type { SubgraphResponse } from '../../../kernel/subgraph/connection.ts';
import type { UserError } from '../../../kernel/subgraph/input.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';
import { failureOfAnswer, StepFailure } from './step-failure.ts';

/** In whose name a step asks, and under which keys. */
export interface Asker {
  readonly callApp: CallApp;
  readonly principal: Principal;
  readonly correlationId: string;
  readonly workflow: string;
  /** Of the step within the run: what it asks first is known to the app by this, what it asks next by this and a number. */
  readonly key: string;
  readonly signal: AbortSignal;
}

type Variables = Readonly<Record<string, unknown>>;

function userErrorsOf(data: NonNullable<SubgraphResponse['data']>): readonly UserError[] {
  return Object.values(data).flatMap((payload) => {
    const { userErrors = [] } = (payload ?? {}) as { readonly userErrors?: readonly UserError[] };
    return userErrors;
  });
}

function readAnswer<Data>(app: string, { data, errors }: SubgraphResponse): Data {
  const [error] = errors ?? [];
  if (error) throw failureOfAnswer(app, error.extensions?.code, error.message);
  const [refusal] = userErrorsOf(data ?? {});
  if (refusal) throw new StepFailure(refusal.code, refusal.message);
  return data as Data;
}

/**
 * How a step asks apps. A mutation goes with an idempotency key, so that the app does it once and gives the same answer
 * when the step is taken up again.
 */
export function createAsk({ callApp, principal, correlationId, workflow, key, signal }: Asker) {
  let asked = 0;
  return async function ask<Data>(app: string, document: string, variables: Variables = {}): Promise<Data> {
    const isMutation = /^\s*mutation\b/.test(document);
    if (isMutation) asked += 1;
    const once = isMutation && {
      operationName: workflow,
      idempotencyKey: asked > 1 ? `${key}:${asked}` : key,
      requestDigest: hash('sha256', JSON.stringify([document, variables]), 'base64url'),
    };
    const calling = callApp(app, {
      document,
      operationName: undefined,
      variables,
      operationKind: isMutation ? 'mutation' : 'query',
      context: { principal, correlationId, signal, ...once },
    });
    const answer = await calling.catch((error: unknown) => {
      if (error instanceof PanoramaError) throw error;
      throw new StepFailure('SUBGRAPH_UNAVAILABLE', `The app "${app}" did not answer.`);
    });
    return readAnswer<Data>(app, answer);
  };
}
