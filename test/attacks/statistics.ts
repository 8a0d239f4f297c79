const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Welch's t of two samples: how far their means are apart, in units of what chance would give. */
export function welchT(one: readonly number[], other: readonly number[]): number {
  const spread = (values: readonly number[]) => {
    const middle = mean(values);
    return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1) / values.length;
  };
  return (mean(one) - mean(other)) / Math.sqrt(spread(one) + spread(other));
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
