import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Fails a build whose scripts together, compressed with gzip, are heavier than the budget (in bytes). */
export function scriptBudget(budget: number): Plugin {
  return {
    name: "script-budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const scripts = Object.values(bundle).filter((output) => output.type === "chunk");
      const size = scripts.reduce((sum, script) => sum + gzipSync(script.code).length, 0);
      if (size > budget) {
        this.error(`the scripts are ${String(size)} bytes compressed; at most ${String(budget)} are allowed`);
      }
    },
  };
}
