for (const button of document.querySelectorAll("[data-toggle=prices]")) {
  button.addEventListener("click", () => {
    const hidden = document.body.classList.toggle("hide-prices");
    button.textContent = hidden ? "Show prices" : "Hide prices";
  });
}
