import { createEnding, onAbort } from './on-abort.ts';

/** Work that several callers wait for. It is abandoned only when all of them have gone. */
export class SharedWork<Result> {
  readonly #abandonment = createEnding();
  /**
   * Let go once it is there. A map that drops an entry keeps it in the table that it grew out of, and tables that are old
   * enough to be collected last keep one another alive: what was held from there was held for long.
   */
  #result: Promise<Result> | undefined;
  #waiting = 0;

  /** @param start Begins the work. Its signal ends when nobody waits for it any more. */
  constructor(start: (signal: AbortSignal) => Promise<Result>) {
    const result = start(this.#abandonment.signal);
    this.#result = result;
    const letGo = () => {
      this.#result = undefined;
    };
    result.then(letGo, letGo);
  }

  /** It has ended, or all who waited have gone: the result is not to be had any more. */
  get isOver(): boolean {
    return this.#result === undefined || this.#abandonment.signal.aborted;
  }

  /** Waits for the result, or for the end of the caller's own signal, whose reason it then rejects with. Not when it is over. */
  join(signal: AbortSignal): Promise<Result> {
    const result = this.#result;
    if (!result) throw new Error('Work that is over cannot be joined.');
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const leave = () => {
      reject(signal.reason);
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#abandonment.end(signal.reason);
    };
    this.#waiting += 1;
    const stopListening = onAbort(signal, leave);
    if (signal.aborted) leave();
    result.then(
      (value) => {
        stopListening();
        resolve(value);
      },
      (error: unknown) => {
        stopListening();
        reject(error);
      },
    );
    return promise;
  }
}
