/** How many of something there are under a key, of so many that there may be. */
export interface Places {
  /** Takes one more; false when there are as many as may be. */
  take(key: string): boolean;
  /** Gives back what was taken. */
  leave(key: string): void;
}

/** @param most How many there may be under one key. */
export function createPlaces(most: number): Places {
  const taken = new Map<string, number>();
  return {
    take(key) {
      const count = taken.get(key) ?? 0;
      if (count >= most) return false;
      taken.set(key, count + 1);
      return true;
    },
    leave(key) {
      const count = taken.get(key) ?? 0;
      if (count > 1) taken.set(key, count - 1);
      else taken.delete(key);
    },
  };
}
