import hljs from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { useMemo } from "react";
import { languageOf } from "../../lib/fileKind";

const LANGUAGES = { bash, diff, ini, java, javascript, json, python, r, rust, sql, typescript, xml, yaml };
for (const [name, language] of Object.entries(LANGUAGES)) hljs.registerLanguage(name, language);

/** Colouring takes its time; longer texts go without. */
const MOST_COLOURED = 200_000;

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** A text with its lines numbered, where it begins with the first. */
export default function Code({ text, path, whole, numbered }: { text: string; path: string; whole: boolean; numbered: boolean }) {
  const language = languageOf(path);
  const shown = useMemo(() => (path.endsWith(".json") && whole && text.length < MOST_COLOURED ? pretty(text) : text), [text, path, whole]);
  const html = useMemo(() => (language && shown.length < MOST_COLOURED ? hljs.highlight(shown, { language, ignoreIllegals: true }).value : undefined), [shown, language]);
  const numbers = useMemo(() => Array.from({ length: shown.split("\n").length }, (_, at) => at + 1).join("\n"), [shown]);
  return (
    <div className="code">
      {numbered && (
        <pre className="code-numbers" aria-hidden>
          {numbers}
        </pre>
      )}
      {/* The colourer escapes what it is given. */}
      {html === undefined ? <pre>{shown}</pre> : <pre dangerouslySetInnerHTML={{ __html: html }} />}
    </div>
  );
}
