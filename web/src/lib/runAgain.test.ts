import { expect, test } from "vitest";
import { toRow } from "./columns";
import { runAgain } from "./runAgain";

function row(tags: Record<string, string>, params: Record<string, string> = {}) {
  const pairs = (of: Record<string, string>) => Object.entries(of).map(([key, value]) => ({ key, value }));
  const named = Object.fromEntries(Object.entries(tags).map(([key, value]) => [`mlflow.${key}`, value]));
  return toRow({ info: { run_id: "r", experiment_id: "0", status: "FINISHED", lifecycle_stage: "active" }, data: { tags: pairs(named), params: pairs(params) } });
}

test("a script is run at its commit", () => {
  expect(runAgain(row({ "source.name": "train.py", "source.git.commit": "abc" }))).toBe("git checkout abc\npython train.py");
  expect(runAgain(row({ "source.name": "my train.py", "source.git.commit": "abc", "source.git.repoURL": "https://a/b.git" }))).toBe("git clone https://a/b.git && cd b\ngit checkout abc\npython 'my train.py'");
});

test("a project is run with its params, quoted", () => {
  expect(runAgain(row({ "source.type": "PROJECT", "source.name": "https://a/b", "source.git.commit": "abc", "project.entryPoint": "main" }, { lr: "0.1", text: "it's" }))).toBe(
    "mlflow run https://a/b \\\n  --version abc \\\n  -e main \\\n  -P lr=0.1 \\\n  -P 'text=it'\\''s'",
  );
});

test("what cannot be known is not made up", () => {
  expect(runAgain(row({ "source.name": "Untitled.ipynb", "source.git.commit": "abc" }))).toBeUndefined();
  expect(runAgain(row({ "source.name": "train.py" }))).toBeUndefined();
});
