import { z } from 'zod';
import type { ExecuteVoiceCommandInput } from '../../../generated/graphql/coordination.ts';
import type { NewChange } from '../../../kernel/changes/change.ts';
import { toChangeData } from '../../../kernel/changes/change-data.ts';
import { newEntityId } from '../../../kernel/data/entity-id.ts';
import { isTimeZone } from '../../../kernel/data/time-range.ts';
import { PanoramaError } from '../../../kernel/errors/panorama-error.ts';
import { runCommand } from '../../../kernel/subgraph/command.ts';
import {
  type CommandResult,
  done,
  jsonObject,
  parseInput,
  text,
  type UserError,
} from '../../../kernel/subgraph/input.ts';
import type { CoordinationContext } from '../loaders.ts';
import { endVoiceCommand, findVoiceCommandsById, insertVoiceCommand, type VoiceCommandEnd } from '../store/voice.ts';
import type { VoiceCommandModel } from '../store.ts';
import { callsOf } from './ask-apps.ts';
import type { SpokenResult, VoiceInterpreter } from './interpreter.ts';
import { ruleInterpreter } from './rule-interpreter.ts';
import { type UnderstoodCommand, understand } from './understand.ts';
import type { VoiceOutcome } from './voice-command.ts';

const executeVoiceCommandInput = z.object({
  command: text(500),
  parameters: jsonObject().nullish(),
  locale: z
    .string()
    .max(35)
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$/, 'This is no language, as in en or da-DK.'),
  timeZone: z
    .string()
    .refine(isTimeZone, 'A time zone is named as in the IANA database: "Europe/Copenhagen", or "UTC".'),
});

type Spoken = z.output<typeof executeVoiceCommandInput>;

/** The payload of the mutation. */
export interface VoicePayload {
  readonly success: boolean;
  readonly speech: string;
  readonly data: VoiceOutcome['data'] | null;
  readonly voiceCommand: VoiceCommandModel | null;
  readonly userErrors: UserError[];
}

/** The codes of errors that the sender can do something about. */
const correctable: ReadonlySet<string> = new Set<UserError['code']>([
  'BAD_USER_INPUT',
  'NOT_FOUND',
  'CONFLICT',
  'FORBIDDEN',
]);

const isCorrectable = (error: unknown): error is PanoramaError & { readonly code: UserError['code'] } =>
  error instanceof PanoramaError && correctable.has(error.code);

/** What a change tells of a command: nothing that was said. */
function voiceChange(type: string, voiceCommand: VoiceCommandModel): NewChange {
  const { id, command, userId, startedAt, endedAt, success, speech, version } = voiceCommand;
  const end = type === 'VOICE_PROCESSING_STARTED' ? {} : { endedAt, success, speech };
  return { type, entityId: id, version, data: toChangeData({ id, command, userId, startedAt, ...end }) };
}

function begin(context: CoordinationContext, command: string): Promise<CommandResult<VoiceCommandModel>> {
  const { principal } = context;
  const started = { id: newEntityId(), command, userId: principal.userId ?? null, sourceApp: principal.app };
  return runCommand(context, {}, async (tx, publish) => {
    const voiceCommand = await insertVoiceCommand(tx, started);
    publish(voiceChange('VOICE_PROCESSING_STARTED', voiceCommand));
    return done(voiceCommand);
  });
}

function end(
  context: CoordinationContext,
  id: string,
  ended: VoiceCommandEnd,
): Promise<CommandResult<VoiceCommandModel>> {
  return runCommand(context, {}, async (tx, publish) => {
    const voiceCommand = await endVoiceCommand(tx, id, ended);
    publish(voiceChange('VOICE_PROCESSING_COMPLETED', voiceCommand));
    if (ended.success) publish(voiceChange('VOICE_COMMAND_EXECUTED', voiceCommand));
    return done(voiceCommand);
  });
}

/**
 * Runs a command. What its sender can correct comes back; anything else is thrown, after the end of the command is noted.
 * It is not noted where the request may be sent again: then the same command goes on.
 */
async function run(
  context: CoordinationContext,
  { id }: VoiceCommandModel,
  { command, parameters }: UnderstoodCommand,
  timeZone: string,
): Promise<CommandResult<VoiceOutcome>> {
  try {
    const calls = callsOf(context, id);
    return await command.run({ id, principal: context.principal, timeZone, now: new Date(), ...calls }, parameters);
  } catch (error) {
    if (isCorrectable(error)) {
      return { ok: false, userErrors: [{ field: null, message: error.message, code: error.code }] };
    }
    if (!context.idempotency) await end(context, id, { success: false, speech: null });
    throw error;
  }
}

/** The command, where this is a repetition of a request that failed for good: it is not tried anew. */
async function findFailed(
  context: CoordinationContext,
  { id }: VoiceCommandModel,
): Promise<VoiceCommandModel | undefined> {
  if (!context.idempotency) return undefined;
  const [known] = await context.database.read(context, (tx) => findVoiceCommandsById(tx, [id]));
  return known?.success === false ? known : undefined;
}

/** Puts a result into words, by the interpreter or, where that fails, by the rules. */
async function speak(
  { logger, correlationId }: CoordinationContext,
  interpreter: VoiceInterpreter,
  result: SpokenResult,
): Promise<string> {
  try {
    return await interpreter.speak(result);
  } catch (error) {
    logger.warn({ correlationId, err: error }, 'The interpreter of voice commands could not speak');
    return await ruleInterpreter.speak(result);
  }
}

function refuse(userErrors: readonly UserError[], voiceCommand: VoiceCommandModel | null): VoicePayload {
  const speech = userErrors.map(({ message }) => message).join(' ');
  return { success: false, speech, data: null, voiceCommand, userErrors: [...userErrors] };
}

/** Has the other apps do what a command stands for, in the name of its sender, and notes when it began and how it ended. */
async function runUnderstood(
  context: CoordinationContext,
  interpreter: VoiceInterpreter,
  understood: UnderstoodCommand,
  { locale, timeZone }: Spoken,
): Promise<VoicePayload> {
  const { name } = understood.command;
  const begun = await begin(context, name);
  if (!begun.ok) return refuse(begun.userErrors, null);
  const failed = await findFailed(context, begun.value);
  if (failed) return refuse([{ field: null, message: failed.speech ?? '', code: 'CONFLICT' }], failed);
  const outcome = await run(context, begun.value, understood, timeZone);
  const said = outcome.ok ? outcome.value.summary : outcome.userErrors.map(({ message }) => message).join(' ');
  const ended = await end(context, begun.value.id, { success: outcome.ok, speech: said });
  const voiceCommand = ended.ok ? ended.value : begun.value;
  if (!outcome.ok) return refuse(outcome.userErrors, voiceCommand);
  const { data, summary, details } = outcome.value;
  const speech = await speak(context, interpreter, { command: name, locale, summary, details, data });
  return { success: true, speech, data, voiceCommand, userErrors: [] };
}

/** Does what somebody said. */
export async function executeVoiceCommand(
  context: CoordinationContext,
  interpreter: VoiceInterpreter,
  input: ExecuteVoiceCommandInput,
): Promise<VoicePayload> {
  const parsed = parseInput(executeVoiceCommandInput, input);
  if (!parsed.ok) return refuse(parsed.userErrors, null);
  const { command, locale, timeZone, parameters } = parsed.value;
  const utterance = { text: command.replace(/\s+/g, ' '), locale, timeZone, now: new Date() };
  const understood = await understand(context, interpreter, utterance, parameters ?? {});
  if (!understood.ok) return refuse(understood.userErrors, null);
  return await runUnderstood(context, interpreter, understood.value, parsed.value);
}
