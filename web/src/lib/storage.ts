/** What this browser remembers. Storage may be full or forbidden; then nothing is remembered, and that is all. */

export function recall<T>(key: string, fallback: T): T {
  try {
    const text = localStorage.getItem(`oxflow.${key}`);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`oxflow.${key}`, JSON.stringify(value));
  } catch {
    // See above.
  }
}
