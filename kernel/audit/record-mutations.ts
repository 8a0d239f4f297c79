import { defaultFieldResolver, type GraphQLField, type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import type { PrismaClientLike } from '../data/tenant-database.ts';
import { deriveContext } from '../subgraph/call-context.ts';
import { writeOnce } from '../sync/write-once.ts';
import { isEntityId } from '../tenancy/ids.ts';
import type { IdempotentRequest } from '../tenancy/subgraph-token.ts';
import type { AuditRecord } from './audit-record.ts';
import {
  type MutationBatch,
  type MutationRecorder,
  type MutationRun,
  type MutationSender,
  type MutationSubject,
  runMutation,
} from './mutation-run.ts';

/** Mutations that are more than that: they make keys, take them back or exchange them. By field. */
export type AuditKinds = Readonly<Record<string, AuditRecord['kind']>>;

type ContextOf<Client extends PrismaClientLike> = MutationSender & {
  readonly mutation?: MutationRun<Client>;
  /** Set where the sender may send the request again. */
  readonly idempotency?: IdempotentRequest | undefined;
  /** The platform's. */
  readonly secret: string;
  readonly batch?: MutationBatch<Client>;
};

/**
 * Makes every field of `Mutation` leave a record. The schema is changed. Around everything else: what the guards of the
 * schema refuse is recorded too. Resolvers of the fields get a context that can write; nothing else in the app can.
 */
export function recordMutations<Client extends PrismaClientLike>(
  schema: GraphQLSchema,
  recorder: MutationRecorder<Client>,
  kinds: AuditKinds = {},
): void {
  const fields = schema.getMutationType()?.getFields() ?? {};
  const unknown = Object.keys(kinds).filter((name) => !Object.hasOwn(fields, name));
  if (unknown.length > 0) throw new Error(`There are kinds for mutations that do not exist: ${unknown.join(', ')}.`);
  for (const field of Object.values(fields)) {
    const { resolve = defaultFieldResolver } = field;
    const known = {
      mutation: field.name,
      kind: kinds[field.name] ?? 'MUTATION',
      entity: entityOf(schema, field),
    } as const;
    field.resolve = (source, args, context: ContextOf<Client>, info) => {
      const subject: MutationSubject = { ...known, entityId: namedIn(args) };
      return runMutation({ ...recorder, batch: context.batch }, context, subject, async (run) => {
        const { idempotency: request, principal, secret } = context;
        const place = { app: recorder.app, field: String(info.path.key), principal, secret };
        const once = request ? writeOnce(run, { ...place, request }) : run;
        const payload: unknown = await resolve(source, args, deriveContext(context, { mutation: once }), info);
        // The guards give their refusals back; for GraphQL that is the same as to throw them.
        if (payload instanceof Error) throw payload;
        return payload;
      });
    };
  }
}

/** The type that a mutation writes: that of the first object in its payload, else the one in its name (`deleteRole`). */
function entityOf(schema: GraphQLSchema, field: GraphQLField<unknown, unknown>): MutationSubject['entity'] {
  const payload = getNamedType(field.type);
  const held = isObjectType(payload) ? Object.values(payload.getFields()) : [];
  for (const { name, type } of held) {
    const named = getNamedType(type);
    if (isObjectType(named) && named.name !== 'UserError') return { type: named.name, field: name };
  }
  const name = field.name.replace(/^[a-z]+/, '');
  return isObjectType(schema.getType(name)) ? { type: name, field: 'id' } : undefined;
}

/** The id that the input of a mutation names. */
function namedIn({ input }: { readonly input?: { readonly id?: unknown } }): string | undefined {
  return typeof input?.id === 'string' && isEntityId(input.id) ? input.id : undefined;
}
