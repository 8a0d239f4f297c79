import { onAbort } from './on-abort.ts';

/** Work that several callers wait for. It is abandoned only when all of them have gone. */
export class SharedWork<Result> {
  readonly #abandonment = new AbortController();
  readonly #result: Promise<Result>;
  #waiting = 0;

  /** @param start Begins the work. Its signal ends when nobody waits for it any more. */
  constructor(start: (signal: AbortSignal) => Promise<Result>) {
    this.#result = start(this.#abandonment.signal);
  }

  /** All who waited have gone: the result is not to be had any more. */
  get isAbandoned(): boolean {
    return this.#abandonment.signal.aborted;
  }

  /** Waits for the result, or for the end of the caller's own signal, whose reason it then rejects with. */
  join(signal: AbortSignal): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const leave = () => {
      reject(signal.reason);
      this.#waiting -= 1;
      if (this.#waiting === 0) this.#abandonment.abort(signal.reason);
    };
    this.#waiting += 1;
    const stopListening = onAbort(signal, leave);
    if (signal.aborted) leave();
    this.#result.then(resolve, reject).finally(stopListening);
    return promise;
  }
}
