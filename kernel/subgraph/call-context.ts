/** The loaders of one call: made when they are first asked for, and made anew when what they hold may no longer be so. */
export interface HeldLoaders<Loaders> {
  current(): Loaders;
  forget(): void;
}

/** Holds loaders. */
export function holdLoaders<Loaders>(make: () => Loaders): HeldLoaders<Loaders> {
  let loaders: Loaders | undefined;
  return {
    current: () => (loaders ??= make()),
    forget() {
      loaders = undefined;
    },
  };
}

/** Fields of its own, and `loaders` that are asked for when they are read. */
class LoadingContext<Loaders> {
  readonly held: HeldLoaders<Loaders>;

  constructor(held: HeldLoaders<Loaders>, fields: object) {
    this.held = held;
    Object.assign(this, fields);
  }

  get loaders(): Loaders {
    return this.held.current();
  }
}

/** Makes the context of a call of its fields and the loaders that are held for it. */
export function createCallContext<Fields extends object, Loaders>(
  fields: Fields,
  held: HeldLoaders<Loaders>,
): Fields & { readonly loaders: Loaders } {
  return new LoadingContext(held, fields) as unknown as Fields & { readonly loaders: Loaders };
}

/**
 * A context that says more of the same call, or other things; loaders are shared. It is a copy: to V8 all contexts look
 * alike then, where a chain of prototypes would make of each a kind of object of its own.
 */
export function deriveContext<Context extends object, More extends object>(
  context: Context,
  more: More,
): Omit<Context, keyof More> & More {
  return Object.assign(Object.create(Object.getPrototypeOf(context)), context, more);
}
