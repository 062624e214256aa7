"""The data of a new shop: always the same products and first orders."""

from datetime import UTC, datetime
from typing import Final

from demo.orders import Order, OrderLine
from demo.product import Product

LIGHT: Final = "Light"
KITCHEN: Final = "Camp kitchen"
SHELTER: Final = "Shelter"
WAYFINDING: Final = "Wayfinding"
FOOTWEAR: Final = "Footwear"
BAGS: Final = "Bags"

KINDS: Final = (LIGHT, KITCHEN, SHELTER, WAYFINDING, FOOTWEAR, BAGS)


def _product(kind: str, look: str, name: str, price_cents: int, blurb: str) -> Product:
    motif, colour, accent = look.split()
    return Product(name.lower().replace(" ", "-"), name, kind, price_cents, blurb, motif, colour, accent)


PRODUCTS: Final = (
    _product(LIGHT, "lantern #b5532e #f4c95d", "Trail Lantern", 4800, "Burns nine hours and survives a fall."),
    _product(BAGS, "bag #7a4b2a #d9a441", "Courier Satchel", 12900, "Waxed canvas, brass, and room for the mail."),
    _product(KITCHEN, "kettle #3f6b5c #e8e0cc", "Campfire Kettle", 3950, "Boils a litre before your boots are off."),
    _product(WAYFINDING, "compass #8a6d3b #c0392b", "Brass Compass", 5600, "Swings once, settles, and is right."),
    _product(SHELTER, "tent #4d7a4f #e3b04b", "Two Rider Tent", 24900, "Stands in four minutes, even in the rain."),
    _product(FOOTWEAR, "boot #6b4226 #2f2a26", "Road Boots", 18900, "Resoled for life; most need it twice."),
    _product(SHELTER, "blanket #a23e3e #f0d9b5", "Wool Blanket", 8900, "Warm when wet, handsome when dry."),
    _product(WAYFINDING, "map #d8c49a #2f6f73", "Post Road Map", 1450, "Every well, ford and inn for forty leagues."),
    _product(KITCHEN, "mug #2f5d7c #f2efe6", "Enamel Mug", 1200, "Chips with dignity."),
    _product(LIGHT, "lantern #2f4b6e #f7dc8b", "Harbour Lantern", 6400, "A storm lantern that the storm gave back."),
    _product(BAGS, "bag #4a5a3a #b8a15a", "Saddle Bag Pair", 15900, "Balanced, buckled, and quiet at a trot."),
    _product(FOOTWEAR, "boot #3a3f47 #8c6239", "Winter Boots", 22900, "Lined with felt, greased against the thaw."),
    _product(KITCHEN, "kettle #8c3b2e #f1d8a8", "Trail Kettle", 2750, "Small, light, and loud about being ready."),
    _product(SHELTER, "tent #b07d3c #f3ead3", "Scout Tent", 16900, "One sleeper, one pole, one bag."),
    _product(WAYFINDING, "compass #44556b #d98324", "Pocket Compass", 2400, "Fits a waistcoat; finds the way home."),
    _product(LIGHT, "lantern #46604b #f2e394", "Reading Lantern", 3600, "Bright enough for one page at a time."),
    _product(KITCHEN, "mug #7b5ea7 #f5f0e1", "Tin Cup Set", 2100, "Four cups that nest like gossip."),
    _product(SHELTER, "blanket #2f6f73 #e9c46a", "Saddle Blanket", 7400, "For under the saddle, or over the rider."),
    _product(BAGS, "bag #8c5a3c #40352d", "Map Case", 4300, "Keeps the road dry."),
    _product(FOOTWEAR, "boot #8a5a2b #d6b370", "Camp Shoes", 6900, "What your feet dream of at noon."),
    _product(WAYFINDING, "map #c9d6c3 #a2542f", "Mountain Pass Map", 1650, "Marked where the snow stays."),
    _product(SHELTER, "tent #5c5470 #e4c9a8", "Trading Post Awning", 11900, "Shade for a counter and two chairs."),
    _product(LIGHT, "lantern #7a2e3a #ffd98e", "Signal Lantern", 7200, "Three shutters, one clear message."),
    _product(SHELTER, "blanket #5b6c8f #efe3c8", "Night Watch Quilt", 13400, "Makes the second watch bearable."),
)

_FIRST_DAY: Final = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

FIRST_ORDERS: Final = (
    Order(
        1001,
        "ada@example.com",
        _FIRST_DAY,
        "Ada Rider",
        "1 Post Road, Milepost",
        (OrderLine("Enamel Mug", 2, 1200), OrderLine("Post Road Map", 1, 1450)),
    ),
    Order(
        1002, "grace@example.com", _FIRST_DAY, "Grace Scout", "7 Ford Lane, Milepost", (OrderLine("Map Case", 1, 4300),)
    ),
)
