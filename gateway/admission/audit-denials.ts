import { type GraphQLError, getOperationAST, Kind } from 'graphql';
import type { AuditLog } from '../../kernel/audit/audit-log.ts';
import { causeOf, isDenial } from '../../kernel/audit/mutation-outcome.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { PanoramaError } from '../../kernel/errors/panorama-error.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import { holderOf } from '../../kernel/tenancy/credential-holder.ts';
import type { RequestContext } from '../../kernel/tenancy/request-context.ts';
import type { LaterAnswer } from '../execute/execute-operation.ts';
import type { OperationRequest, OperationResult, Pipeline } from '../pipeline.ts';

/** What of a request its record says. */
type DeniedRequest = Pick<RequestContext, 'principal' | 'correlationId'> & Partial<DeniedOperation>;

interface DeniedOperation {
  readonly operationName: string | undefined;
  /** The fields of `Mutation` that it asks for. */
  readonly mutation: string | undefined;
}

/** Records who was not let, before they hear of it. */
export interface DenialAudit {
  /** Records what a door or a gate before the pipeline throws, where it is a denial. */
  noteRefusal(refusal: unknown, request: Pick<RequestContext, 'principal' | 'correlationId'>): Promise<void>;
  /** A pipeline whose denials are recorded: one record for an operation, whatever of it is refused. */
  around(pipeline: Pipeline): Pipeline;
}

/** Makes the audit of denials. Those of which no tenant is known are logged: no tenant would get to see them. */
export function createDenialAudit(log: AuditLog, logger: Logger): DenialAudit {
  async function note(denials: readonly GraphQLError[], request: DeniedRequest): Promise<void> {
    const [first] = denials;
    if (!first) return;
    const { correlationId, principal, operationName, mutation } = request;
    const holder = principal ?? holderOf(first);
    const permissions = new Set(denials.flatMap(({ extensions }) => causeOf(extensions).permission ?? []));
    const cause = { ...causeOf(first.extensions), permission: [...permissions].join(' and ') || undefined };
    if (!holder) return logger.info({ correlationId, ...cause }, 'A request was denied');
    const { tenantId, app: sourceApp, credentialId, userId } = holder;
    const who = { tenantId, sourceApp, credentialId, userId, correlationId };
    await log.record({
      id: newEntityId(),
      kind: 'DENIAL',
      outcome: 'DENIED',
      ...who,
      ...cause,
      operationName,
      mutation,
    });
  }

  async function* withNotes(
    later: AsyncGenerator<LaterAnswer, void>,
    noteOnce: (errors: readonly GraphQLError[]) => Promise<void>,
  ): AsyncGenerator<LaterAnswer, void> {
    for await (const answer of later) {
      await noteOnce(answer.parts.flatMap(({ errors = [] }) => errors));
      yield answer;
    }
  }

  function around(pipeline: Pipeline): Pipeline {
    const answer: Pipeline['answer'] = async (request) => {
      let isNoted = false;
      const noteOnce = async (errors: readonly GraphQLError[]) => {
        const denials = isNoted ? [] : deniedHere(errors, request);
        if (denials.length === 0) return;
        isNoted = true;
        await note(denials, { ...request.context, ...describe(request) });
      };
      let result: OperationResult;
      try {
        result = await pipeline.answer(request);
      } catch (error) {
        if (error instanceof PanoramaError) await noteOnce([error]);
        throw error;
      }
      if (result.errors) await noteOnce(result.errors);
      return result.later ? { ...result, later: withNotes(result.later, noteOnce) } : result;
    };

    const subscribe: Pipeline['subscribe'] = async (request) => {
      const noteDenials = (errors: readonly GraphQLError[]) =>
        note(deniedHere(errors, request), { ...request.context, ...describe(request) });
      const subscription = await pipeline.subscribe(request).catch(async (error: unknown) => {
        if (error instanceof PanoramaError) await noteDenials([error]);
        throw error;
      });
      if (subscription.kind === 'refused') await noteDenials(subscription.errors);
      return subscription;
    };

    return { answer, subscribe };
  }

  return {
    around,
    noteRefusal: (refusal, request) =>
      refusal instanceof PanoramaError && isDenial(refusal.code) ? note([refusal], request) : Promise.resolve(),
  };
}

/** The denials among errors. A field of `Mutation` that was asked of its app was recorded there. */
function deniedHere(errors: readonly GraphQLError[], { document, operationName }: OperationRequest): GraphQLError[] {
  const denials = errors.filter(({ extensions }) => isDenial(extensions.code));
  if (denials.length === 0 || getOperationAST(document, operationName)?.operation !== 'mutation') return denials;
  return denials.filter(({ path }) => path?.length !== 1);
}

function describe({ document, operationName }: OperationRequest): DeniedOperation {
  const operation = getOperationAST(document, operationName);
  const fields = operation?.operation === 'mutation' ? operation.selectionSet.selections : [];
  const names = new Set(fields.flatMap((field) => (field.kind === Kind.FIELD ? [field.name.value] : [])));
  return { operationName: operation?.name?.value, mutation: [...names].join(', ') || undefined };
}
