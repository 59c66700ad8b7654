/**
 * Exponential smoothing with the bias of the start taken out, as people know it from other tools. `weight` is from 0
 * (none) to just below 1. Gaps stay gaps.
 */
export function smooth(values: (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return values;
  let last = 0;
  let count = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    last = last * weight + (1 - weight) * value;
    count += 1;
    return last / (1 - weight ** count);
  });
}

/** The range of most values, for axes that a few outliers would flatten. */
export function insideRange(values: number[], cut = 0.02): [number, number] | undefined {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (sorted.length < 20) return undefined;
  const low = sorted[Math.floor(sorted.length * cut)] as number;
  const high = sorted[Math.ceil(sorted.length * (1 - cut)) - 1] as number;
  return low < high ? [low, high] : undefined;
}
