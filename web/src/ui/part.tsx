/** Parts of a page that are fetched when they are first shown. */
import { type ComponentType, type ReactNode, useEffect, useState } from "react";

interface Part<P> {
  (props: P & { fallback: ReactNode }): ReactNode;
  /** Fetches the part before it is shown. */
  load: () => void;
}

/**
 * A component of a file of its own. Once the file is there, it is drawn at once: `Suspense` would show the fallback
 * first, and React leaves every fallback for 300 ms.
 */
export function part<P extends object>(get: () => Promise<{ default: ComponentType<P> }>): Part<P> {
  let known: ComponentType<P> | undefined;
  const load = async () => (known ??= (await get()).default);
  function Later({ fallback, ...props }: P & { fallback: ReactNode }) {
    const [found, setFound] = useState(() => ({ Known: known }));
    const [error, setError] = useState<unknown>();
    const { Known } = found;
    useEffect(() => {
      if (Known) return;
      let gone = false;
      load().then((Now) => !gone && setFound({ Known: Now }), (why: unknown) => !gone && setError(why));
      return () => {
        gone = true;
      };
    }, [Known]);
    if (error) throw error;
    return Known ? <Known {...(props as unknown as P)} /> : fallback;
  }
  return Object.assign(Later, { load: () => void load().catch(() => undefined) });
}
