import { isErrorCode } from '../../../kernel/errors/codes.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import type { SubgraphRequest, SubgraphResponse } from '../../../kernel/subgraph/connection.ts';
import { type CommandResult, done, type UserError } from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import type { VoiceRun } from './voice-command.ts';

type Asked = Pick<SubgraphRequest, 'document' | 'variables' | 'operationKind'>;

function asError({ message, extensions = {} }: NonNullable<SubgraphResponse['errors']>[number]): Error {
  const { code, ...details } = extensions;
  // What is not ours is masked where it happened, and again here.
  return isErrorCode(code) ? new PanoramaError(code, message, details) : new Error(message);
}

async function ask<Data>(context: CoordinationContext, id: string, app: string, asked: Asked): Promise<Data> {
  const { principal, correlationId, operationName, idempotency, callApp } = context;
  const isMutation = asked.operationKind === 'mutation';
  const { data, errors } = await callApp(app, {
    ...asked,
    operationName: undefined,
    context: {
      principal,
      correlationId,
      signal: new AbortController().signal,
      ...(isMutation && { operationName }),
      // A command that is sent again is the same command: what it stands for is done once.
      ...(isMutation && idempotency && { idempotencyKey: `voice:${id}`, requestDigest: idempotency.digest }),
    },
  });
  const [error] = errors ?? [];
  if (error) throw asError(error);
  return data as Data;
}

interface Payload {
  readonly answer: { readonly userErrors: readonly UserError[] };
}

/** How a command reaches the other apps: in the name of its sender, who needs there what everybody needs. */
export function callsOf(context: CoordinationContext, id: string): Pick<VoiceRun, 'query' | 'mutate'> {
  return {
    query: (app, document, variables) =>
      ask(context, id, app, { document, variables: { ...variables }, operationKind: 'query' }),
    async mutate(app, document, input): Promise<CommandResult<unknown>> {
      const asked = { document, variables: { input }, operationKind: 'mutation' } as const;
      const { answer } = await ask<Payload>(context, id, app, asked);
      if (answer.userErrors.length === 0) return done(undefined);
      return { ok: false, userErrors: answer.userErrors.map((one) => ({ ...one, field: parameterOf(one.field) })) };
    },
  };
}

/** Where the sender of a command finds what an app calls a field. */
const parameterOf = (field: string | null) => (field === null ? null : `parameters.${field}`);
