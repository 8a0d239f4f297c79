import type { LoadSample } from './generator.ts';

/** The median of every figure by itself. */
export function mediansOf(samples: readonly LoadSample[]): LoadSample {
  const [first] = samples;
  if (!first) throw new Error('Nothing was measured.');
  const median = (figure: keyof LoadSample) =>
    samples.map((sample) => sample[figure]).toSorted((a, b) => a - b)[Math.floor(samples.length / 2)];
  const figures = Object.keys(first) as (keyof LoadSample)[];
  return Object.fromEntries(figures.map((figure) => [figure, median(figure)])) as unknown as LoadSample;
}
