import { Link } from "react-router";
import { Heading } from "../components/Heading";

export function NotFoundPage() {
  return (
    <section className="plain-page">
      <p className="eyebrow">404</p>
      <Heading title="Not found">There is nothing here.</Heading>
      <p className="lead">The page may have moved, or what it showed may no longer be in the shop.</p>
      <p>
        <Link className="button" to="/">
          To the collection
        </Link>
      </p>
    </section>
  );
}
