import type { QueryVoiceCommandsArgs, Resolvers } from '../../../generated/graphql/coordination.ts';
import { asTold, followChanges, recordsIn, typeOfEvent } from '../../../kernel/changes/feed-fields.ts';
import { type Connection, planPage } from '../../../kernel/data/page.ts';
import type { CoordinationContext } from '../loaders.ts';
import { countVoiceCommands, findVoiceCommands } from '../store/voice.ts';
import type { VoiceCommandModel } from '../store.ts';
import { executeVoiceCommand } from './execute.ts';
import type { VoiceInterpreter } from './interpreter.ts';

const executed = { types: ['VOICE_COMMAND_EXECUTED'] };

/** What was asked for by voice, the newest first unless ordered otherwise. */
async function listVoiceCommands(
  context: CoordinationContext,
  args: QueryVoiceCommandsArgs,
): Promise<Connection<VoiceCommandModel>> {
  const direction = args.orderBy?.direction ?? 'DESC';
  const ordering = { list: 'coordination.voiceCommands', column: 'startedAt', type: 'instant', direction } as const;
  const page = planPage(context.cursors, args, ordering);
  const filter = args.filter ?? {};
  const rows = await context.database.read(context, (tx) => findVoiceCommands(tx, filter, page.query));
  return page.toConnection(rows, () => context.database.read(context, (tx) => countVoiceCommands(tx, filter)));
}

/** The fields of voice. `interpreter` understands and speaks. */
export function voiceResolversWith(interpreter: VoiceInterpreter) {
  return {
    Query: {
      voiceCommands: (_, args, context) => listVoiceCommands(context, args),
    },
    Mutation: {
      executeVoiceCommand: (_, { input }, context) => executeVoiceCommand(context, interpreter, input),
    },
    Subscription: {
      voiceCommandExecuted: {
        subscribe: (_, { after }, context) => followChanges(context, { after }, executed),
        resolve: asTold,
      },
    },
    VoiceCommand: {
      __resolveReference: ({ id }, { loaders }) => loaders.voiceCommand.load(id),
    },
    VoiceCommandEvent: { __resolveType: typeOfEvent('VoiceCommandChange') },
    VoiceCommandChange: {
      commands: async (batch, _, { loaders }) => {
        const rows = await Promise.all(recordsIn(batch).map((id) => loaders.voiceCommand.load(id)));
        return rows.filter((row) => row !== null);
      },
    },
  } satisfies Resolvers;
}
