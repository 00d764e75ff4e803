import type { ReactNode } from "react";

/** Shows the page's only h1, which gets the focus after a navigation, and sets the window's title. */
export function Heading({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <>
      <title>{`${title} · Boutique`}</title>
      <h1 tabIndex={-1}>{children ?? title}</h1>
    </>
  );
}
