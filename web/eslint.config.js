import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["dist/**", "src/api/schema.ts"] },
  js.configs.recommended,
  ...ts.configs.strict,
  {
    files: ["src/**/*.{ts,tsx}", "tests/**/*.ts"],
    plugins: { "react-hooks": hooks },
    rules: {
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "max-lines": ["error", 600],
      "@typescript-eslint/no-non-null-assertion": "error",
    },
  },
  { files: ["scripts/**/*.mjs"], languageOptions: { globals: { window: "readonly", performance: "readonly", requestAnimationFrame: "readonly", innerHeight: "readonly", fetch: "readonly", document: "readonly", console: "readonly", process: "readonly", URL: "readonly", Buffer: "readonly", setTimeout: "readonly", setInterval: "readonly", clearInterval: "readonly" } } },
);
