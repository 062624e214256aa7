// The shop's own script: everything works without it, it only makes things nicer.

const euros = (cents) => `€${(cents / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;

function totalFollowsQuantity(quantity) {
  const cents = Number(document.querySelector("[data-price-cents]").dataset.priceCents);
  const total = document.querySelector("[data-total]");
  const show = () => {
    total.value = quantity.validity.valid ? euros(cents * quantity.valueAsNumber) : "";
  };
  quantity.addEventListener("input", show);
  for (const button of document.querySelectorAll("[data-step]")) {
    button.addEventListener("click", () => {
      if (button.dataset.step > 0) quantity.stepUp();
      else quantity.stepDown();
      show();
    });
  }
}

function picksOnClick(button) {
  const picks = [...document.querySelector("[data-picks]").content.querySelectorAll("a")];
  const picked = document.querySelector("[data-picked]");
  let turn = 0;
  button.addEventListener("click", () => {
    picked.replaceChildren(picks[turn % picks.length].cloneNode(true));
    turn += 1;
  });
}

const quantity = document.querySelector("#quantity");
if (quantity) totalFollowsQuantity(quantity);

const pick = document.querySelector("[data-pick]");
if (pick) picksOnClick(pick);
