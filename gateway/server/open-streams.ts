/** What stays open for as long as its client likes. */
export interface OpenStream {
  /** Asks the peer whether it is still there, and ends when it was asked before and has not said so. */
  ping(): void;
  /** Ends as soon as no query and no mutation runs on it, and tells the client to come again elsewhere. */
  goAway(): void;
  /** Ends at once. */
  cut(): void;
}

/** Everything that is open. */
export interface OpenStreams {
  add(stream: OpenStream): void;
  remove(stream: OpenStream): void;
  /** Whether nothing new may be opened, because the process ends. */
  isDraining(): boolean;
  /** Ends all of it within so many milliseconds. */
  drain(graceMs: number): Promise<void>;
}

/** In so many parts all streams are pinged one after the other. */
const parts = 12;
/** So many of a part are pinged in one go: each takes about as long as an answer, and answers should not wait for them. */
const pingedAtOnce = 25;
/** In which share of its time a part is pinged. */
const pingShare = 0.8;
/** How many of them are asked to go in one go when the process ends. */
const goingAtOnce = 100;
/** So many milliseconds apart: clients come back elsewhere one after the other. */
const goingEveryMs = 30;
/** In which share of the time to go the last one is asked at the latest. */
const goingShare = 0.6;

/** @param pingMs How often a stream is pinged. */
export function createOpenStreams(pingMs: number): OpenStreams {
  const slots = Array.from({ length: parts }, () => new Set<OpenStream>());
  const slotOf = new Map<OpenStream, Set<OpenStream>>();
  let last = 0;
  let timer: NodeJS.Timeout | undefined;
  let whenEmpty: (() => void) | undefined;
  let isDraining = false;

  function tick(): void {
    last = (last + 1) % parts;
    const due = [...(slots[last] ?? [])];
    // Done with before the next part has its turn.
    const apart = (pingShare * pingMs) / parts / Math.ceil(due.length / pingedAtOnce);
    const go = () => {
      for (const stream of due.splice(0, pingedAtOnce)) if (slotOf.has(stream)) stream.ping();
      if (due.length > 0) setTimeout(go, apart).unref();
    };
    go();
  }

  function remove(stream: OpenStream): void {
    slotOf.get(stream)?.delete(stream);
    slotOf.delete(stream);
    if (slotOf.size > 0) return;
    clearInterval(timer);
    timer = undefined;
    whenEmpty?.();
  }

  async function drain(graceMs: number): Promise<void> {
    isDraining = true;
    const streams = [...slotOf.keys()];
    if (streams.length === 0) return;
    const empty = Promise.withResolvers<void>();
    whenEmpty = empty.resolve;
    const groups = Math.ceil(streams.length / goingAtOnce);
    const apart = Math.min(goingEveryMs, (goingShare * graceMs) / groups);
    const timers = Array.from({ length: groups }, (_, group) =>
      setTimeout(() => {
        for (const one of streams.slice(group * goingAtOnce, (group + 1) * goingAtOnce)) one.goAway();
      }, group * apart),
    );
    timers.push(
      setTimeout(() => {
        for (const stream of [...slotOf.keys()]) stream.cut();
      }, graceMs),
    );
    await empty.promise;
    for (const one of timers) clearTimeout(one);
  }

  return {
    add(stream) {
      // What is pinged last from now on: it has just said something.
      const slot = slots[last];
      slot?.add(stream);
      if (slot) slotOf.set(stream, slot);
      timer ??= setInterval(tick, pingMs / parts).unref();
    },
    remove,
    isDraining: () => isDraining,
    drain,
  };
}
