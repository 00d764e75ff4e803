import { useEffect } from "react";
import { Link, useLocation } from "react-router";
import { useCart } from "../cart";

/** Milliseconds for which success is shown. Failures stay until they are dismissed. */
const SUCCESS_DURATION = 6_000;

/** Shows the result of a change of the cart, and announces it to screen readers. */
export function NoticeBar() {
  const { notice, dismissNotice } = useCart();
  const { pathname } = useLocation();

  // A notice does not outlive its page.
  useEffect(() => dismissNotice, [pathname, dismissNotice]);

  useEffect(() => {
    if (notice?.kind !== "done") {
      return;
    }
    const timer = setTimeout(dismissNotice, SUCCESS_DURATION);
    return () => {
      clearTimeout(timer);
    };
  }, [notice, dismissNotice]);

  return (
    <div className={notice ? `notice ${notice.kind}` : "notice"}>
      <p role="status" aria-label="Cart changes">
        {notice?.text}
      </p>
      {notice && (
        <>
          {pathname !== "/cart" && <Link to="/cart">See the cart</Link>}
          <button type="button" className="plain" onClick={dismissNotice}>
            Dismiss
          </button>
        </>
      )}
    </div>
  );
}
