import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.OXFLOW_URL ?? "http://127.0.0.1:5000";

export default defineConfig({
  plugins: [react()],
  // The pages are served under any prefix, so everything is relative to the document.
  base: "./",
  build: { outDir: "dist", emptyOutDir: false, target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 1200, modulePreload: { polyfill: false } },
  server: {
    proxy: Object.fromEntries(
      ["/ajax-api", "/api", "/get-artifact", "/model-versions/get-artifact", "/version", "/openapi.json"].map((path) => [path, server]),
    ),
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
