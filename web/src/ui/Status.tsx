import type { RunStatus } from "../api/types";

const LOOKS: Record<RunStatus, [string, string]> = {
  RUNNING: ["Running", "info"],
  SCHEDULED: ["Scheduled", "warn"],
  FINISHED: ["Finished", "good"],
  FAILED: ["Failed", "bad"],
  KILLED: ["Killed", "warn"],
};

export function StatusBadge({ status }: { status: RunStatus }) {
  const [name, look] = LOOKS[status] ?? [status, ""];
  return (
    <span className={`badge ${look}`}>
      <span className={status === "RUNNING" ? "dot live" : "dot"} />
      {name}
    </span>
  );
}

/** The same in 8 pixels, for tables. */
export function StatusDot({ status }: { status: RunStatus }) {
  const [name, look] = LOOKS[status] ?? [status, ""];
  const color = look === "good" || look === "" ? "var(--good)" : `var(--${look})`;
  // A hint of our own would cost more than the rest of a row.
  return <span role="img" aria-label={name} title={name} className={status === "RUNNING" ? "dot live" : "dot"} style={{ color }} />;
}
