/** A surface through scattered points, and its contours. Everything here lies between 0 and 1 in both directions. */
import { contours } from "d3-contour";

export interface Spot {
  x: number;
  y: number;
  z: number;
}

export interface Level {
  /** The level that the inside reaches. */
  from: number;
  /** Closed lines; those of holes run the other way round. */
  rings: [number, number][][];
}

/** Places of the grid in each direction. */
const SIZE = 60;

/**
 * How far a point reaches: about to its neighbours. With more points, the surface follows them more closely; with few,
 * it does not pretend to know more.
 */
export function reach(count: number): number {
  return Math.min(0.25, Math.max(0.05, 0.6 / Math.sqrt(count)));
}

/** The weighted mean of the points around each place of the grid, row by row. */
export function surface(spots: Spot[], size = SIZE): Float64Array {
  const grid = new Float64Array(size * size);
  const width = 2 * reach(spots.length) ** 2;
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const [x, y] = [column / (size - 1), row / (size - 1)];
      let [sum, weights] = [0, 0];
      for (const spot of spots) {
        const square = (spot.x - x) ** 2 + (spot.y - y) ** 2;
        // The second part keeps places that are far from everything between what is around them.
        const weight = Math.exp(-square / width) + 1e-6 / (square + 1e-3);
        sum += weight * spot.z;
        weights += weight;
      }
      grid[row * size + column] = sum / weights;
    }
  }
  return grid;
}

/** The contours of a surface through some points, from the lowest to the highest. */
export function contourLevels(spots: Spot[], count = 12, size = SIZE): Level[] {
  if (spots.length < 3) return [];
  const grid = surface(spots, size);
  const low = grid.reduce((least, value) => Math.min(least, value), Infinity);
  const high = grid.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!(high > low)) return [];
  const thresholds = Array.from({ length: count }, (_, at) => low + ((high - low) * at) / count);
  const inside = (place: number) => Math.min(1, Math.max(0, (place - 0.5) / (size - 1)));
  return contours()
    .size([size, size])
    .thresholds(thresholds)([...grid])
    .map(({ value, coordinates }) => ({
      from: value,
      rings: coordinates.flat().map((ring) => ring.map(([x = 0, y = 0]): [number, number] => [inside(x), inside(y)])),
    }));
}
