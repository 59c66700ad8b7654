import { CircleAlert, CircleCheck, X } from "lucide-react";
import { formatBytes } from "../../lib/format";
import { IconButton } from "../../ui/Button";
import type { Upload } from "./useUpload";

/** Files on their way to the server. */
export function Uploads({ uploads, onDismiss }: { uploads: Upload[]; onDismiss: () => void }) {
  if (!uploads.length) return null;
  const busy = uploads.some((upload) => upload.state === "going");
  return (
    <section className="uploads" aria-label="Uploads" role="status">
      <div className="row">
        <h2 className="grow">{busy ? "Uploading" : "Uploaded"}</h2>
        {!busy && (
          <IconButton label="Close" small onClick={onDismiss}>
            <X />
          </IconButton>
        )}
      </div>
      {uploads.map((upload) => (
        <div key={upload.id} className="upload">
          {upload.state === "failed" ? <CircleAlert color="var(--bad)" /> : upload.state === "done" ? <CircleCheck color="var(--good)" /> : <span className="file-gap" />}
          <span className="truncate grow" title={upload.path}>
            {upload.path}
          </span>
          {upload.state === "going" ? (
            <progress value={upload.sent} max={upload.size || 1} aria-label={`Upload of ${upload.path}`} />
          ) : (
            <span className="faint num">{formatBytes(upload.size)}</span>
          )}
          {upload.why && <p className="upload-why">{upload.why}</p>}
        </div>
      ))}
    </section>
  );
}
