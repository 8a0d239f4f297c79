/** Tells listeners what happens, by name. */
export interface Events<Told extends object> {
  /** Listens until the function that is given back is called. */
  on<Name extends keyof Told>(name: Name, listener: (value: Told[Name]) => void): () => void;
  tell<Name extends keyof Told>(name: Name, value: Told[Name]): void;
}

/** Makes a place to listen at. */
export function createEvents<Told extends object>(): Events<Told> {
  const listeners = new Map<keyof Told, Set<(value: never) => void>>();
  return {
    on(name, listener) {
      const ofName = listeners.get(name) ?? new Set();
      listeners.set(name, ofName.add(listener));
      return () => void ofName.delete(listener);
    },
    tell(name, value) {
      for (const listener of [...(listeners.get(name) ?? [])]) {
        try {
          (listener as (told: typeof value) => void)(value);
        } catch (error) {
          report(error);
        }
      }
    },
  };
}

/** The fault of a listener is an uncaught error of the program, as with any event, and nobody else's. */
function report(error: unknown): void {
  const { reportError } = globalThis as { readonly reportError?: (error: unknown) => void };
  if (reportError) reportError(error);
  else
    queueMicrotask(() => {
      throw error;
    });
}
