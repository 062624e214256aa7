import { Cart, checkout } from "./cart";

document.querySelector("button")!.addEventListener("click", () => {
  const cart = new Cart();
  cart.add({ name: "tea", price: -1 });
  void checkout(cart);
});
