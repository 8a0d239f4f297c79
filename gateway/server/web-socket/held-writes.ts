/** A connection that can hold back what is written to it. */
export interface HeldSink {
  readonly writableCorked: number;
  readonly writableLength: number;
  cork(): void;
  uncork(): void;
}

/** What is held back at most of one connection, in bytes: more goes out at once, so that a burst makes no reader slow. */
const mostHeld = 16 * 1024;

let held: HeldSink[] = [];

function sendHeld(): void {
  const due = held;
  held = [];
  for (const sink of due) sink.uncork();
}

/**
 * Holds back what is written to a connection until this turn of the event loop ends, so that all subscriptions on a socket
 * that have something to say in one turn cost one call of the system. It is for sockets with several operations: the only
 * one of a socket would gain nothing.
 */
export function holdThisTurn(sink: HeldSink): void {
  if (sink.writableLength > mostHeld) {
    if (sink.writableCorked === 0) return;
    held = held.filter((one) => one !== sink);
    sink.uncork();
  } else if (sink.writableCorked === 0) {
    if (held.length === 0) setImmediate(sendHeld);
    sink.cork();
    held.push(sink);
  }
}
