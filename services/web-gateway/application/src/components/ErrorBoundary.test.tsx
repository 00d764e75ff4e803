import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { ErrorBoundary } from "./ErrorBoundary";

function Defect(): never {
  throw new Error("a defect");
}

test("a broken page shows a message and a link", () => {
  const reported = vi.spyOn(console, "error").mockImplementation(() => undefined);

  render(
    <ErrorBoundary>
      <Defect />
    </ErrorBoundary>,
  );

  expect(screen.getByRole("alert").textContent).toContain("Something went wrong on this page.");
  expect(screen.getByRole("link", { name: "Reload the shop" }).getAttribute("href")).toBe("/");
  expect(reported).toHaveBeenCalled();
});
