/** What has been started and must be stopped, in reverse order, also when a later step fails. */
export class Started {
  readonly #stops: (() => Promise<void>)[] = [];

  async add<T>(starting: Promise<T>, stop: (started: T) => Promise<void>): Promise<T> {
    const started = await starting;
    this.#stops.push(() => stop(started));
    return started;
  }

  async stop(): Promise<void> {
    for (let next = this.#stops.pop(); next; next = this.#stops.pop()) await next();
  }
}
