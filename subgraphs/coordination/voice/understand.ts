import { refusalOf } from '../../../kernel/permissions/refusal.ts';
import { type CommandResult, done, parseInput, refused } from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { voiceCommands } from './command-table.ts';
import type { Intent, Utterance, VoiceInterpreter } from './interpreter.ts';
import { ruleInterpreter } from './rule-interpreter.ts';
import type { VoiceCommand } from './voice-command.ts';

/** A command that may be run. */
export interface UnderstoodCommand {
  readonly command: VoiceCommand;
  /** As the command's schema has let them pass. */
  readonly parameters: unknown;
}

const leastConfidence = 0.5;

/** Asks the interpreter, and the rules where it fails: it may be a service that is not there. */
async function interpret(
  { logger, correlationId }: CoordinationContext,
  interpreter: VoiceInterpreter,
  utterance: Utterance,
): Promise<Intent | undefined> {
  try {
    return await interpreter.interpret(utterance);
  } catch (error) {
    logger.warn({ correlationId, err: error }, 'The interpreter of voice commands failed; the rules take its place');
    return await ruleInterpreter.interpret(utterance);
  }
}

function notUnderstood(): CommandResult<never> {
  const known = [...voiceCommands.values()].map(({ name, description }) => `${name} ${description}`);
  return refused('BAD_USER_INPUT', 'command', `This command is not known. These are: ${known.join(', ')}.`);
}

/** Finds the command that is named or meant, checks its parameters, and whether the sender may run it. */
export async function understand(
  context: CoordinationContext,
  interpreter: VoiceInterpreter,
  utterance: Utterance,
  given: Readonly<Record<string, unknown>>,
): Promise<CommandResult<UnderstoodCommand>> {
  const named = voiceCommands.get(utterance.text);
  const intent = named ? undefined : await interpret(context, interpreter, utterance);
  const meant = intent && intent.confidence >= leastConfidence ? voiceCommands.get(intent.command) : undefined;
  const command = named ?? meant;
  if (!command) return notUnderstood();
  const refusal = refusalOf(context.principal, [command.need]);
  if (refusal) return refused('FORBIDDEN', 'command', `${command.name}: ${refusal.message}`);
  const parsed = parseInput(command.parameters, { ...intent?.parameters, ...given });
  if (parsed.ok) return done({ command, parameters: parsed.value });
  const userErrors = parsed.userErrors.map(({ field, ...one }) => {
    return { ...one, field: field === null ? 'parameters' : `parameters.${field}` };
  });
  return { ok: false, userErrors };
}
