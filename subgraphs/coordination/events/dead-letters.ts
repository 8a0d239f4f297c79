import { z } from 'zod';
import type {
  QueryDeadLettersArgs,
  RedriveDeadLettersInput,
  Resolvers,
} from '../../../generated/graphql/coordination.ts';
import { eventIdOf } from '../../../kernel/changes/handlers/event-handler.ts';
import { type Connection, planPage } from '../../../kernel/data/page.ts';
import { notFound, runCommand } from '../../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  entityId,
  parseInput,
  text,
  toPayload,
  unchanged,
} from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { countDeadLetters, type DeadLetterRow, findDeadLetters, reviveDeadLetters } from '../store/dead-letters.ts';

const mostIds = 100;

const redriveInput = z
  .object({
    app: text(31),
    ids: z.array(entityId()).max(mostIds, `Name at most ${mostIds}.`).nullish(),
    all: z.boolean(),
  })
  .refine(({ ids, all }) => (ids != null) !== all, {
    path: ['ids'],
    message: 'Name dead letters, or say that all are meant.',
  });

/** What apps have given up, the last first. */
async function listDeadLetters(
  context: CoordinationContext,
  { app, ...args }: QueryDeadLettersArgs,
): Promise<Connection<DeadLetterRow>> {
  const page = planPage(context.cursors, args, {
    list: 'coordination.deadLetters',
    column: 'deadAt',
    type: 'instant',
    direction: 'DESC',
  });
  const selection = { app: app ?? undefined };
  const rows = await context.database.read(context, (tx) => findDeadLetters(tx, selection, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countDeadLetters(tx, selection)));
}

/** Has an app try again what it has given up: its worker finds what is due by itself. */
async function redriveDeadLetters(
  context: CoordinationContext,
  input: RedriveDeadLettersInput,
): Promise<CommandResult<number>> {
  const parsed = parseInput(redriveInput, input);
  if (!parsed.ok) return parsed;
  const { app, ids, all } = parsed.value;
  return runCommand(context, {}, async (tx) => {
    const named = all ? undefined : [...new Set(ids)];
    const count = await reviveDeadLetters(tx, { app, ids: named });
    if (named && count < named.length) return notFound('ids', 'dead letter of this app');
    return unchanged(count); // no record of the graph is another one by it, so no change tells of it
  });
}

/** The fields about what apps could not react to. */
export const deadLetterResolvers = {
  Query: { deadLetters: (_, args, context) => listDeadLetters(context, args) },
  Mutation: {
    redriveDeadLetters: async (_, { input }, context) => toPayload('count', await redriveDeadLetters(context, input)),
  },
  DeadLetter: { eventId: ({ epoch, seq }) => eventIdOf({ epoch, seq: Number(seq) }) },
} satisfies Resolvers;
