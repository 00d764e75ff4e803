import { cleanup, configure } from "@testing-library/react";
import { afterEach, beforeEach, vi } from "vitest";

// Waiting ends with what is waited for; only a test that fails waits as long as this, in milliseconds.
configure({ asyncUtilTimeout: 5_000 });

beforeEach(() => {
  // jsdom lays nothing out, so it has nowhere to scroll to.
  vi.stubGlobal("scrollTo", () => undefined);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  sessionStorage.clear();
});
