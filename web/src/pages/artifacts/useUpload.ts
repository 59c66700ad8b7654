import { useCallback, useRef, useState } from "react";
import { messageOf } from "../../api/client";
import { type Owner, uploadArtifact } from "../../api/artifacts";
import type { Dropped } from "../../lib/dropped";

export interface Upload {
  id: number;
  path: string;
  size: number;
  sent: number;
  state: "going" | "done" | "failed";
  why?: string;
}

/** Uploads files one after the other, and tells how far they are. */
export function useUpload(owner: Owner, onDone: () => void) {
  const [uploads, setUploads] = useState<Upload[]>([]);
  const queue = useRef<Promise<void>>(Promise.resolve());
  const next = useRef(0);
  const { id: ownerId, kind } = owner;
  const done = useRef(onDone);
  done.current = onDone;
  const add = useCallback(
    (files: Dropped[], folder: string) => {
      const fresh = files.map(({ file, path }) => ({ file, upload: { id: next.current++, path: folder ? `${folder}/${path}` : path, size: file.size, sent: 0, state: "going" } as Upload }));
      setUploads((known) => [...known.filter((upload) => upload.state !== "done"), ...fresh.map(({ upload }) => upload)]);
      const change = (id: number, part: Partial<Upload>) => setUploads((known) => known.map((upload) => (upload.id === id ? { ...upload, ...part } : upload)));
      for (const { file, upload } of fresh) {
        queue.current = queue.current.then(async () => {
          try {
            await uploadArtifact({ kind, id: ownerId }, upload.path, file, (sent) => change(upload.id, { sent }));
            change(upload.id, { state: "done" });
          } catch (error) {
            change(upload.id, { state: "failed", why: messageOf(error) });
          }
          done.current();
        });
      }
    },
    [kind, ownerId],
  );
  const dismiss = useCallback(() => setUploads([]), []);
  return { uploads, add, dismiss };
}
