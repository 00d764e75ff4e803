import type { FakeProduct } from "./fakeShop";

function product(id: string, name: string, price: number, rating: number): FakeProduct {
  return {
    id,
    name,
    description: `A well-made ${name.toLowerCase()}.`,
    price,
    rating,
    reviews: 12,
    filename: `${id}.svg`,
    categories: [],
  };
}

export function someProducts(): FakeProduct[] {
  return [
    product("watch", "Watch", 109.99, 4.1),
    product("mug", "Mug", 8.99, 4.8),
    product("travel-mug", "Travel Mug", 19.5, 4.5),
    product("teapot", "Teapot", 54.99, 4.3),
  ];
}

export function manyProducts(count: number): FakeProduct[] {
  return Array.from({ length: count }, (_, index) => product(`p${String(index)}`, `Piece ${String(index)}`, 5, 5 - index / 10));
}
