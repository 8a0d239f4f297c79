/** One event of a subscription, as it arrived. */
export interface LoggedEvent {
  /** Counts from 1 since the list was last cleared. */
  readonly number: number;
  readonly at: Date;
  /** Name of the operation, or `subscription` when it has none. */
  readonly operation: string;
  readonly payload: unknown;
}

/** What the event panel shows. `events` grows in place; `shown` says how many of them are on display. */
export interface EventLogView {
  readonly events: readonly LoggedEvent[];
  readonly shown: number;
  readonly paused: boolean;
  /** Subscriptions that are running. */
  readonly running: number;
}

export interface EventLog {
  readonly started: () => void;
  readonly ended: () => void;
  readonly append: (operation: string, payload: unknown) => void;
  readonly clear: () => void;
  /** Holds the display still, or lets it go on. Events that arrive meanwhile are kept either way. */
  readonly setPaused: (paused: boolean) => void;
  readonly subscribe: (listener: () => void) => () => void;
  readonly view: () => EventLogView;
}

/** The list of every subscription event: GraphiQL itself shows only the last one. */
export function createEventLog(now: () => Date = () => new Date()): EventLog {
  const listeners = new Set<() => void>();
  let events: LoggedEvent[] = [];
  let view: EventLogView = { events, shown: 0, paused: false, running: 0 };

  const update = (changed: Partial<EventLogView>): void => {
    view = { ...view, events, ...changed };
    for (const listener of listeners) listener();
  };
  const shownAfter = (paused: boolean): number => (paused ? view.shown : events.length);

  return {
    started: () => update({ running: view.running + 1 }),
    ended: () => update({ running: view.running - 1 }),
    append(operation, payload) {
      events.push({ number: events.length + 1, at: now(), operation, payload });
      update({ shown: shownAfter(view.paused) });
    },
    clear() {
      events = [];
      update({ shown: 0 });
    },
    setPaused: (paused) => update({ paused, shown: shownAfter(paused) }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    view: () => view,
  };
}
