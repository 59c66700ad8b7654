/** Completion in the filter box. */

export interface Completion {
  /** Where what is typed so far begins. */
  from: number;
  options: string[];
}

export interface Keys {
  metrics: string[];
  params: string[];
  tags: string[];
}

const HEADS = ["metrics.", "params.", "tags.", "attributes.status", "attributes.run_name", "attributes.start_time", "attributes.user_id", "datasets.name"];
const STATUSES = ["'RUNNING'", "'FINISHED'", "'FAILED'", "'KILLED'", "'SCHEDULED'"];

function spelled(key: string): string {
  return /^[A-Za-z_][\w]*$/.test(key) ? key : `\`${key}\``;
}

function pick(options: string[], typed: string): string[] {
  const wanted = typed.toLowerCase();
  const found = options.filter((option) => option.toLowerCase().includes(wanted) && option !== typed);
  return found.sort((a, b) => Number(!a.toLowerCase().startsWith(wanted)) - Number(!b.toLowerCase().startsWith(wanted))).slice(0, 12);
}

/** What could stand where the cursor is. */
export function complete(text: string, cursor: number, keys: Keys): Completion {
  const before = text.slice(0, cursor);
  const status = /status\s*(?:!=|=)\s*('?\w*)$/i.exec(before);
  if (status) return { from: cursor - (status[1] ?? "").length, options: pick(STATUSES, status[1] ?? "") };
  const dotted = /(metrics?|params?|tags?)\.(`[^`]*|[\w./-]*)$/i.exec(before);
  if (dotted) {
    const [, head = "", typed = ""] = dotted;
    const kind = head.toLowerCase()[0];
    const known = kind === "m" ? keys.metrics : kind === "p" ? keys.params : keys.tags;
    const plain = typed.replace(/^`/, "");
    return { from: cursor - typed.length, options: pick(known, plain).map(spelled) };
  }
  const word = /(?:^|\s)([\w.]*)$/.exec(before);
  const first = /(?:^|\band\s+)[\w.]*$/i.test(before);
  if (!word || !first) {
    const joint = /(?:'|"|\d|\))\s+(\w*)$/.exec(before);
    return joint ? { from: cursor - (joint[1] ?? "").length, options: pick(["AND "], joint[1] ?? "") } : { from: cursor, options: [] };
  }
  return { from: cursor - (word[1] ?? "").length, options: pick(HEADS, word[1] ?? "") };
}
