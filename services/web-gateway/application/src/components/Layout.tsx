import { useEffect, useRef, type ReactNode } from "react";
import { Link, NavigationType, useLocation, useNavigationType } from "react-router";
import { CartLink } from "./CartLink";
import { NoticeBar } from "./NoticeBar";
import { SearchBox } from "./SearchBox";
import mark from "../assets/mark.svg";

export function Layout({ children }: { readonly children: ReactNode }) {
  const main = useRef<HTMLElement>(null);
  useFocusOnNavigation(main);
  return (
    <>
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="masthead">
        <Link className="brand" to="/">
          <img src={mark} alt="" width="36" height="36" />
          <span>Boutique</span>
        </Link>
        <SearchBox />
        <CartLink />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {children}
      </main>
      <footer className="colophon">
        <p>Boutique is a demonstration: nothing is charged, nothing is shipped, and every picture was drawn for it.</p>
        <nav aria-label="More">
          <Link to="/">The collection</Link> <Link to="/cart">Cart</Link> <Link to="/health">Shop status</Link>
        </nav>
      </footer>
      <NoticeBar />
    </>
  );
}

/** Scrolls to the top and focuses the heading after a navigation, for sighted users and screen readers alike. */
function useFocusOnNavigation(main: React.RefObject<HTMLElement | null>) {
  const { pathname } = useLocation();
  const navigation = useNavigationType();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) {
      return;
    }
    shown.current = pathname;
    // Going back and forward keeps the scroll position.
    if (navigation !== NavigationType.Pop) {
      window.scrollTo(0, 0);
    }
    (main.current?.querySelector("h1") ?? main.current)?.focus({ preventScroll: true });
  }, [pathname, navigation, main]);
}
