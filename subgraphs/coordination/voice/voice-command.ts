import { z } from 'zod';
import type { Need } from '../../../kernel/permissions/need.ts';
import type { CommandResult } from '../../../kernel/subgraph/input.ts';
import type { Principal } from '../../../kernel/tenancy/principal.ts';

/** What a command came to. */
export interface VoiceOutcome {
  /** What was found or made, under its name. */
  readonly data: Readonly<Record<string, unknown>>;
  /** A sentence of it without the names of people and records: it is kept. */
  readonly summary: string;
  /** What there is to say beside. */
  readonly details?: string | undefined;
}

/** A command while it runs. */
export interface VoiceRun {
  /** Of the command; what it makes has this id too, so that it is made once. */
  readonly id: string;
  readonly principal: Principal;
  readonly timeZone: string;
  readonly now: Date;
  /** Asks another app in the name of the sender. Throws what the app refuses with. */
  readonly query: <Data>(app: string, document: string, variables: object) => Promise<Data>;
  /** The same for the one mutation `answer` of a document, whose `userErrors` are given back. */
  readonly mutate: (app: string, document: string, input: object) => Promise<CommandResult<unknown>>;
}

/** Something that can be asked for by voice. */
export interface VoiceCommand<Parameters = unknown> {
  readonly name: string;
  /** What it does, in a few words. */
  readonly description: string;
  readonly parameters: z.ZodType<Parameters>;
  /** What it needs beside `execute:voice`; each app that it asks enforces that again. */
  readonly need: Need;
  readonly run: (run: VoiceRun, parameters: Parameters) => Promise<CommandResult<VoiceOutcome>>;
}

/** A command for the table, which holds commands of any parameters: `run` gets what `parameters` has let pass. */
export function defineVoiceCommand<Parameters>(command: VoiceCommand<Parameters>): VoiceCommand {
  return { ...command, run: (run, parameters) => command.run(run, parameters as Parameters) };
}

/** How many records to find; models of speech give numbers as text too. */
export const limit = () =>
  z.coerce
    .number('This is a number.')
    .int('This is a whole number.')
    .min(1, 'Ask for at least one.')
    .max(100)
    .default(10);

/** One of some words, however it is capitalised. */
export const oneOf = <Word extends string>(words: readonly [Word, ...Word[]]) =>
  z
    .string()
    .trim()
    .toUpperCase()
    .pipe(z.enum(words, `This is one of ${words.join(', ')}.`));

/** Text to hand on; the app that gets it knows how long it may be. */
export const phrase = () => z.string().trim().min(1, 'This cannot be empty.').max(200, 'Use at most 200 characters.');
