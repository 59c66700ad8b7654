import { expect, test } from "vitest";
import type { ModelVersion } from "../api/types";
import { asText, extrasOf, templateOf, variablesOf, versionTags, versionText } from "./prompts";

const version = (tags: Record<string, string>): ModelVersion => ({ name: "p", version: "1", tags: Object.entries(tags).map(([key, value]) => ({ key, value })) });

test("a prompt is a text or messages, whatever its text looks like", () => {
  expect(templateOf(version({ "mlflow.prompt.text": "Hi {{ name }}", _mlflow_prompt_type: "text" }))).toBe("Hi {{ name }}");
  expect(templateOf(version({ "mlflow.prompt.text": "[not json", _mlflow_prompt_type: "text" }))).toBe("[not json");
  const chat = templateOf(version({ "mlflow.prompt.text": '[{"role":"system","content":"Be {{ tone }}"},{"role":"user","content":"{{ q }} {{ tone }}"}]', _mlflow_prompt_type: "chat" }));
  expect(chat).toEqual([{ role: "system", content: "Be {{ tone }}" }, { role: "user", content: "{{ q }} {{ tone }}" }]);
  expect(variablesOf(chat)).toEqual(["tone", "q"]);
  expect(asText(chat)).toBe("system:\nBe {{ tone }}\n\nuser:\n{{ q }} {{ tone }}");
});

test("what is written is what is read", () => {
  const messages = [{ role: "user", content: "x" }];
  expect(templateOf({ name: "p", version: "1", tags: versionTags(messages) })).toEqual(messages);
  expect(templateOf({ name: "p", version: "1", tags: versionTags("[]") })).toBe("[]");
});

test("the model and the form of the answer are compared as well", () => {
  const item = version({ "mlflow.prompt.text": "Hi", _mlflow_prompt_model_config: '{"model_name":"m"}' });
  expect(extrasOf(item)).toEqual([["Model", '{\n  "model_name": "m"\n}']]);
  expect(versionText(item)).toBe('Hi\n\nModel:\n{\n  "model_name": "m"\n}');
});
