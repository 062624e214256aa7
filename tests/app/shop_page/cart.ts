import { format } from "./money";

export class Cart {
  items: { name: string; price: number }[] = [];

  add(item: { name: string; price: number }): void {
    this.items.push(item);
  }

  total(): number {
    return this.items.reduce((sum, item) => sum + priceOf(item), 0);
  }
}

function priceOf(item: { name: string; price: number } | undefined): number {
  if (item!.price < 0) {
    throw new RangeError(`price of ${item!.name} is negative`);
  }
  return item!.price;
}

export const checkout = async (cart: Cart): Promise<string> => {
  const shown = format(cart.total());
  return `to pay: ${shown}`;
};
