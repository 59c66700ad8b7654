const LOOKS: Record<string, [string, string]> = {
  LOGGED_MODEL_READY: ["Ready", "good"],
  LOGGED_MODEL_PENDING: ["Pending", "warn"],
  LOGGED_MODEL_UPLOAD_FAILED: ["Failed", "bad"],
};

export function ModelStatus({ status = "" }: { status?: string }) {
  const [name, look] = LOOKS[status] ?? [status, ""];
  return name ? <span className={`badge ${look}`}>{name}</span> : null;
}
