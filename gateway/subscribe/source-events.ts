import type { SubgraphResponse } from '../../kernel/subgraph/connection.ts';

/** What came of waiting for an event. */
export type Taken =
  | { readonly kind: 'event'; readonly event: SubgraphResponse }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly cause: unknown }
  | { readonly kind: 'interrupted' };

/**
 * The events of a source, one at a time. Who waits for one can be interrupted, also by leaving: the event may never come,
 * and a generator that is left would first wait for it. What comes after an interruption is kept for the next who waits.
 */
export class SourceEvents {
  readonly #iterator: AsyncIterator<SubgraphResponse>;
  #asked: PromiseWithResolvers<Taken> | undefined;
  #kept: Taken | undefined;
  #isUnderWay = false;

  constructor(source: AsyncIterable<SubgraphResponse>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** The next event. Not while another one is waited for. */
  take(): Promise<Taken> {
    this.#asked = Promise.withResolvers();
    const { promise } = this.#asked;
    const kept = this.#kept;
    this.#kept = undefined;
    if (kept) this.#give(kept);
    else if (!this.#isUnderWay) this.#ask();
    return promise;
  }

  interrupt(): void {
    this.#asked?.resolve({ kind: 'interrupted' });
    this.#asked = undefined;
  }

  /** Ends the source. Nobody waits for its farewell. */
  leave(): void {
    this.interrupt();
    this.#iterator.return?.().catch(() => {});
  }

  #ask(): void {
    this.#isUnderWay = true;
    this.#iterator.next().then(
      (next) => this.#give(next.done ? { kind: 'ended' } : { kind: 'event', event: next.value }),
      (cause: unknown) => this.#give({ kind: 'failed', cause }),
    );
  }

  #give(taken: Taken): void {
    this.#isUnderWay = false;
    if (this.#asked) this.#asked.resolve(taken);
    else this.#kept = taken;
    this.#asked = undefined;
  }
}
