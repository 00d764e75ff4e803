import { useState } from "react";
import { Link } from "react-router";
import { Heading } from "../components/Heading";
import { Totals } from "../components/Totals";
import { recallOrder } from "../confirmedOrder";
import { formatCents } from "../money";

export function ConfirmationPage() {
  const [order] = useState(recallOrder);
  if (order === null) {
    return (
      <section className="plain-page">
        <Heading title="No order">No order was placed here.</Heading>
        <p className="lead">An order is shown only in the tab in which it was placed, until you close that tab.</p>
        <Link className="button" to="/">
          To the collection
        </Link>
      </section>
    );
  }
  return (
    <section className="confirmation">
      <p className="eyebrow">Order placed</p>
      <Heading title="Thank you">Thank you.</Heading>
      <p className="lead">
        Your order is on its way to the packing table.
        {order.email !== "" && ` A confirmation is being sent to ${order.email}.`}
      </p>
      <dl className="facts">
        <div>
          <dt id="order-id-label">Order</dt>
          <dd id="order-id" aria-labelledby="order-id-label">
            {order.orderId}
          </dd>
        </div>
        <div>
          <dt>Tracking</dt>
          <dd id="tracking-id">{order.trackingId}</dd>
        </div>
      </dl>
      <h2>What you ordered</h2>
      <ul className="brief" aria-label="What you ordered">
        {order.lines.map(({ id, name, quantity, total }) => (
          <li key={id}>
            <span>
              {quantity} × <Link to={`/product/${encodeURIComponent(id)}`}>{name}</Link>
            </span>
            <span>{formatCents(total)}</span>
          </li>
        ))}
      </ul>
      <Totals quote={order} />
      <Link className="button" to="/">
        Back to the collection
      </Link>
    </section>
  );
}
