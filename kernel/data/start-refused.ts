/**
 * Why the process cannot start, in words for the person who starts it: what is wrong and what to do. It never reaches
 * a client of the API; the command line prints the message without a stack.
 */
export class StartRefused extends Error {
  /** What the message is about (`app`, `migration`, `table`, ...), for the log. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(message: string, details: Readonly<Record<string, unknown>> = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartRefused';
    this.details = details;
  }
}
