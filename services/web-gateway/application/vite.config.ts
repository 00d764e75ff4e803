import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { scriptBudget } from "./script-budget.ts";

export default defineConfig({
  plugins: [react(), scriptBudget(100_000)],
  build: {
    // The server's content security policy allows no data: addresses.
    assetsInlineLimit: 0,
  },
  test: {
    environment: "jsdom",
    setupFiles: "src/testing/setup.ts",
    testTimeout: 30_000,
  },
});
