import { render } from "@testing-library/react";
import { userEvent, type UserEvent } from "@testing-library/user-event";
import { BrowserRouter } from "react-router";
import { vi } from "vitest";
import { App } from "../App";
import type { FakeShop } from "./fakeShop";

/** Opens the application at this address, with the fake shop behind it. */
export function visit(address: string, shop: FakeShop): UserEvent {
  vi.stubGlobal("fetch", shop.fetch);
  window.history.pushState(null, "", address);
  render(
    <BrowserRouter>
      <App />
    </BrowserRouter>,
  );
  return userEvent.setup();
}
