/** The data of an answer as the JSON text that the client gets: written once, and put out as it is. */
export class WrittenData {
  readonly text: string;
  #answer: Buffer | undefined;

  /** @param text JSON of an object, or `null`. */
  constructor(text: string) {
    this.text = text;
  }

  /** The bytes of an answer without errors: the same ones for everyone who shares the data. */
  get answer(): Buffer {
    this.#answer ??= Buffer.from(`{"data":${this.text}}`);
    return this.#answer;
  }

  /** For readers in this process, and where an answer is put into another one. */
  toJSON(): Record<string, unknown> | null {
    return JSON.parse(this.text) as Record<string, unknown> | null;
  }
}
