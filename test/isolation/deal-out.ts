import type { SeededRandom } from '../support/federation/seeded-random.ts';

/** Deals hands of equal size, in random order, and nothing a second time before everything was dealt once. */
export function dealOut<T>(random: SeededRandom, items: readonly T[], count: number, size: number): T[][] {
  let rest: T[] = [];
  const draw = (): T => {
    if (rest.length === 0) rest = [...items];
    const [item] = rest.splice(random.below(rest.length), 1);
    if (item === undefined) throw new Error('There is nothing to deal.');
    return item;
  };
  return Array.from({ length: count }, () => Array.from({ length: size }, draw));
}
