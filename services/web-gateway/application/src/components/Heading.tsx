import type { ReactNode } from "react";

/** The page's one h1, on which the focus is set after a navigation, and the window's title. */
export function Heading({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <>
      <title>{`${title} · Boutique`}</title>
      <h1 tabIndex={-1}>{children ?? title}</h1>
    </>
  );
}
