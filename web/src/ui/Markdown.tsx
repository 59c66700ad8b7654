import DOMPurify from "dompurify";
import { marked } from "marked";
import { useMemo } from "react";

const ALLOWED = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ["style", "form", "iframe", "img"],
  FORBID_ATTR: ["style", "id", "name"],
};

/** Text that people wrote, as markdown. Whatever could act or call out is taken away. */
export function Markdown({ text }: { text: string }) {
  const html = useMemo(() => {
    const clean = DOMPurify.sanitize(marked.parse(text, { async: false, gfm: true }), ALLOWED);
    const linked = clean.replaceAll("<a ", '<a rel="noreferrer noopener" target="_blank" ');
    // Boxes of task lists cannot be ticked here, so they are signs.
    return linked.replace(/<input[^>]*>/g, (box) => (box.includes("checked") ? "☑" : "☐"));
  }, [text]);
  return <div className="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}
