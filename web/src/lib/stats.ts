/** The value below which a share of sorted values lies, on the line between the two nearest. */
export function quantile(sorted: number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? NaN;
  const high = sorted[Math.ceil(place)] ?? NaN;
  return low + (high - low) * (place - Math.floor(place));
}

/** Lowest, quarter, half, three quarters, highest. */
export function fiveNumbers(values: number[]): number[] {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return [0, 0.25, 0.5, 0.75, 1].map((share) => quantile(sorted, share));
}

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
    min: known.reduce((least, value) => Math.min(least, value)),
    max: known.reduce((most, value) => Math.max(most, value)),
  };
}
