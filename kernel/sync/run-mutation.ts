import { coerceInputValue, type GraphQLInputType, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import { isTransientConflict, isUnreachable, isUnstorableValue } from '../data/database-errors.ts';
import { PanoramaError } from '../errors/panorama-error.ts';
import type { UserError } from '../subgraph/input.ts';
import type { Logger } from '../telemetry/logger.ts';
import { StartOver } from './mutation-batch.ts';

/** The reason why a mutation was not done. */
export type MutationRefusal = Pick<UserError, 'message' | 'field'> & { readonly code: string };

/** In what a mutation of a schema is called. */
interface CalledMutation {
  readonly info: GraphQLResolveInfo;
  /** Of the mutation: with what it runs in. */
  readonly context: { readonly correlationId: string; readonly logger: Logger };
}

/** Tells whether the whole push may succeed when it is sent again, as it is. */
function mayPass(error: unknown): boolean {
  return error instanceof StartOver || isTransientConflict(error) || isUnreachable(error);
}

function mutationField(schema: GraphQLSchema, name: string) {
  const field = schema.getMutationType()?.getFields()[name];
  const type = field?.args.find((argument) => argument.name === 'input')?.type;
  if (!field?.resolve || !type) throw new Error(`There is no mutation ${name} with an input.`);
  return { resolve: field.resolve, type };
}

/** Reads an input as GraphQL would; the first mistake is the refusal. */
function coerce(input: object, type: GraphQLInputType): { readonly value: unknown } | MutationRefusal {
  let mistake: MutationRefusal | undefined;
  const value: unknown = coerceInputValue(input, type, (path, _invalid, error) => {
    // A suggestion would tell of fields that the sender may not know.
    const [message = ''] = error.message.split(' Did you mean');
    mistake ??= { code: 'BAD_USER_INPUT', field: path.join('.') || null, message };
  });
  return mistake ?? { value };
}

/**
 * Runs a mutation of the schema as an operation would: the types of its input, its guards, its command and its record are
 * the same. Gives its refusal, or undefined when it was done; one that fails by a fault of ours is refused as well, because
 * it would fail for ever. Throws what may pass.
 */
export async function callMutation(
  name: string,
  input: Readonly<Record<string, unknown>>,
  { info, context }: CalledMutation,
): Promise<MutationRefusal | undefined> {
  const { resolve, type } = mutationField(info.schema, name);
  const coerced = coerce(input, type);
  if ('code' in coerced) return coerced;
  try {
    const payload: unknown = await resolve(undefined, { input: coerced.value }, context, info);
    const { userErrors } = (payload ?? {}) as { readonly userErrors?: readonly UserError[] };
    return userErrors?.[0];
  } catch (error) {
    if (mayPass(error)) throw error;
    if (error instanceof PanoramaError) {
      const { field } = error.extensions;
      return { code: error.code, field: typeof field === 'string' ? field : null, message: error.message };
    }
    if (isUnstorableValue(error)) {
      return { code: 'BAD_USER_INPUT', field: null, message: 'A value of the patch cannot be stored.' };
    }
    const { correlationId, logger } = context;
    logger.error({ correlationId, mutation: name, err: error }, 'A pushed mutation failed');
    return { code: 'INTERNAL', field: null, message: 'Something failed on our side.' };
  }
}
