export interface Summary {
  count: number;
  mean: number;
  /** Of the sample; 0 for a single value. */
  std: number;
  min: number;
  max: number;
}

/** What some values have in common; those that are no numbers are left out. */
export function summarize(values: number[]): Summary | undefined {
  const known = values.filter(Number.isFinite);
  if (!known.length) return undefined;
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    count: known.length,
    mean,
    std: known.length > 1 ? Math.sqrt(squares / (known.length - 1)) : 0,
    min: Math.min(...known),
    max: Math.max(...known),
  };
}
