/** Stores the last order of this tab, so that its confirmation survives a reload. */
import type { Order } from "./api";
import { readArray, readCount, readObject, readText } from "./json";
import type { Cents } from "./money";

export interface ConfirmedLine {
  readonly id: string;
  readonly name: string;
  readonly quantity: number;
  readonly total: Cents;
}

export interface ConfirmedOrder extends Omit<Order, "items"> {
  readonly email: string;
  readonly lines: readonly ConfirmedLine[];
}

const KEY = "boutique.confirmed-order";

export function keepOrder(order: ConfirmedOrder): void {
  sessionStorage.setItem(KEY, JSON.stringify(order));
}

/** Returns null if nothing was ordered in this tab, or this version cannot read what is stored. */
export function recallOrder(): ConfirmedOrder | null {
  const kept = sessionStorage.getItem(KEY);
  try {
    return kept === null ? null : readConfirmedOrder(JSON.parse(kept));
  } catch {
    return null;
  }
}

function readConfirmedOrder(value: unknown): ConfirmedOrder {
  const order = readObject(value, KEY);
  return {
    orderId: readText(order.orderId, "orderId"),
    trackingId: readText(order.trackingId, "trackingId"),
    itemsTotal: readCount(order.itemsTotal, "itemsTotal"),
    shippingCost: readCount(order.shippingCost, "shippingCost"),
    total: readCount(order.total, "total"),
    email: readText(order.email, "email"),
    lines: readArray(order.lines, "lines", (item, where) => {
      const line = readObject(item, where);
      return {
        id: readText(line.id, `${where}.id`),
        name: readText(line.name, `${where}.name`),
        quantity: readCount(line.quantity, `${where}.quantity`),
        total: readCount(line.total, `${where}.total`),
      };
    }),
  };
}
