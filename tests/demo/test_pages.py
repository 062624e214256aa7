"""Pages for looking around."""

import httpx
import pytest


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Know the road before they take it"),
        ("/products", "24 products"),
        ("/products?kind=Camp%20kitchen", "4 products"),
        ("/products/trail-lantern", "€48.00"),
        ("/search?q=TRAIL+lantern", "1 product found"),
        ("/search?q=spaceship", "0 products found"),
        ("/search", "Say what you are looking for"),
        ("/cart", "Your cart is empty"),
        ("/sign-in", "Password"),
    ],
)
def test_a_page_says_what_it_is_about(shop: httpx.Client, path: str, words: str) -> None:
    """Every page that a stranger may see carries its own content."""
    page = shop.get(path)

    assert page.status_code == 200
    assert words in page.text


@pytest.mark.parametrize("path", ["/products/spaceship", "/products?kind=Spaceships", "/nowhere", "/orders/1001"])
def test_what_the_shop_does_not_have_is_not_found(shop: httpx.Client, path: str) -> None:
    """Unknown products, kinds, pages and other people's orders are a 404 that people can read."""
    page = shop.get(path)

    assert page.status_code == 404
    assert "The road ends here" in page.text


def test_a_page_embeds_the_third_party_of_the_host_it_was_asked_on(shop: httpx.Client) -> None:
    """The third party's address follows the visitor's host, so that the shop works behind any name."""
    page = shop.get("/", headers={"Host": "milepost.internal:8700"})

    for name in ("reviews.js", "reviews.css", "badge.svg"):
        assert f'"http://milepost.internal:8701/{name}"' in page.text


def test_what_a_visitor_typed_is_escaped(shop: httpx.Client) -> None:
    """A search for markup shows the markup instead of running it."""
    page = shop.get("/search", params={"q": "<script>alert(1)</script>"})

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text


@pytest.mark.parametrize("path", ["/static/art/landscape.svg", "/static/art/trail-lantern.svg"])
def test_a_picture_is_detailed_enough_to_count_as_largest_contentful_paint(shop: httpx.Client, path: str) -> None:
    """Browsers ignore images below 0.05 bits per displayed pixel."""
    picture = shop.get(path)

    width, height = (1280, 544) if "landscape" in path else (640, 480)
    assert picture.headers["content-type"] == "image/svg+xml"
    assert len(picture.content) * 8 / (width * height) > 0.05


def test_a_product_that_is_not_there_has_no_picture(shop: httpx.Client) -> None:
    """Pictures are drawn for products only."""
    assert shop.get("/static/art/spaceship.svg").status_code == 404


@pytest.mark.parametrize("name", ["/reviews.js", "/reviews.css", "/badge.svg", "/reviews/trail-lantern.json"])
def test_the_third_party_lets_other_origins_read_and_time_its_answers(third_party: httpx.Client, name: str) -> None:
    """Resource timing of a cross-origin request needs Timing-Allow-Origin, reading it needs CORS."""
    answer = third_party.get(name, headers={"Origin": "http://shop.test:8700"})

    assert answer.status_code == 200
    assert answer.headers["timing-allow-origin"] == "*"
    assert answer.headers["access-control-allow-origin"] == "*"
