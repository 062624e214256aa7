// Waymark Reviews: fills every [data-reviews] with the rating of that product.
(() => {
  const origin = new URL(document.currentScript.src).origin;

  async function fill(place) {
    const answer = await fetch(`${origin}/reviews/${place.dataset.reviews}.json`);
    const { stars, count } = await answer.json();
    const rating = document.createElement("span");
    rating.className = "waymark-stars";
    rating.textContent = `★ ${stars.toFixed(1)}`;
    place.replaceChildren(rating, `${count} reviews`);
  }

  const start = () => document.querySelectorAll("[data-reviews]").forEach(fill);
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", start);
  } else {
    start();
  }
})();
