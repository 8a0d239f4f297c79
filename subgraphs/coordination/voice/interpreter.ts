/** What somebody said, and where and when. */
export interface Utterance {
  /** On one line, not empty. */
  readonly text: string;
  /** As in BCP 47. */
  readonly locale: string;
  /** In which times are meant; of the IANA database. */
  readonly timeZone: string;
  readonly now: Date;
}

/** What an utterance means: a command of the table, and its parameters as they are checked afterwards. */
export interface Intent {
  readonly command: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** From 0 to 1. Below a half it counts as not understood. */
  readonly confidence: number;
}

/** What a command came to, to be put into words. */
export interface SpokenResult {
  readonly command: string;
  readonly locale: string;
  /** A sentence of what came of it, without the names of people and records. */
  readonly summary: string;
  /** What there is to say beside, with names. */
  readonly details: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Understands and speaks: a model of speech or language is attached by another one of these. What it gives is not
 * trusted: only a command of the table is run, with parameters that its schema lets pass, as far as the sender may. When
 * it fails, the rules take its place.
 */
export interface VoiceInterpreter {
  /** Undefined for what it does not understand. */
  interpret(utterance: Utterance): Promise<Intent | undefined>;
  /** What to read out. */
  speak(result: SpokenResult): Promise<string>;
}
