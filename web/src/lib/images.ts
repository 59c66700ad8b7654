/** Pictures that clients log by key and step: what their names say. */

export const LOGGED_IMAGES = "mlflow.loggedImages";
/** The folder they lie in. */
export const IMAGES = "images";

export interface Picture {
  key: string;
  step: number;
  timestamp: number;
  /** The file as it was logged. */
  path: string;
  /** A smaller copy, if there is one. */
  small?: string;
}

/** `images/key+step+N+timestamp+T+id.png`; older clients put `%` between the parts. */
const NAME = /^images\/(.+)[+%]step[+%](-?\d+)[+%]timestamp[+%](\d+)[+%]([0-9a-f-]+)([+%]compressed)?\.(?:png|webp|jpe?g|gif)$/;

/** The pictures among files, by key, each list in the order of its steps. */
export function picturesOf(paths: string[]): Map<string, Picture[]> {
  const found = new Map<string, Picture>();
  for (const path of paths) {
    const parts = NAME.exec(path);
    if (!parts) continue;
    const [, name = "", step = "0", timestamp = "0", id = "", small] = parts;
    const place = `${name} ${step} ${timestamp} ${id}`;
    // Names cannot hold slashes, so clients write `~`.
    const picture = found.get(place) ?? { key: name.replaceAll("~", "/"), step: Number(step), timestamp: Number(timestamp), path };
    if (small) picture.small = path;
    else picture.path = path;
    found.set(place, picture);
  }
  const byKey = new Map<string, Picture[]>();
  for (const picture of found.values()) byKey.set(picture.key, [...(byKey.get(picture.key) ?? []), picture]);
  for (const list of byKey.values()) list.sort((a, b) => a.step - b.step || a.timestamp - b.timestamp);
  return byKey;
}

/** What a series showed at a step: the last picture until then, or else its first. */
export function pictureAt(series: Picture[], step: number): Picture | undefined {
  return series.findLast((picture) => picture.step <= step) ?? series[0];
}
