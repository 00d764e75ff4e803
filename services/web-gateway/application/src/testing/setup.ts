import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// In milliseconds. Only failing tests wait this long.
configure({ asyncUtilTimeout: 5_000 });

beforeEach(() => {
  // jsdom has no layout, so it cannot scroll.
  vi.stubGlobal("scrollTo", () => undefined);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});
