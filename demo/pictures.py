"""Pictures, drawn by the shop itself: the same input always gives the same picture.

They are detailed on purpose: browsers do not count an image of very few bytes per pixel as the largest contentful
paint (https://www.w3.org/TR/largest-contentful-paint/).
"""

import math
import random
from functools import lru_cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader

from demo.product import Product

_WIDTH: Final = 1200
_HEIGHT: Final = 520
_STEP: Final = 20

_pictures: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "art"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@lru_cache(maxsize=64)
def product_picture(product: Product) -> str:
    """Return the product's picture as SVG: the product on a road, woods behind it."""
    chance = random.Random(product.id)
    woods = [_ridge(chance, level, product.accent, width=320, trees=28) for level in (140, 165)]
    pebbles = [(chance.randrange(320), chance.randrange(206, 238), chance.choice((1, 2, 3))) for _ in range(40)]
    return _pictures.get_template("product.svg").render(product=product, woods=woods, pebbles=pebbles)


@lru_cache(maxsize=1)
def landscape() -> str:
    """Return the hero's landscape as SVG: four ridges with trees, farther ones paler."""
    chance = random.Random(1860)
    ridges = [
        _ridge(chance, level, colour, width=_WIDTH, trees=34)
        for level, colour in ((210, "#9db7a5"), (275, "#7a9d87"), (345, "#56806a"), (425, "#345c49"))
    ]
    stars = [(chance.randrange(_WIDTH), chance.randrange(150), chance.choice((1, 1.5, 2))) for _ in range(60)]
    return _pictures.get_template("landscape.svg").render(ridges=ridges, stars=stars, width=_WIDTH, height=_HEIGHT)


def _ridge(chance: random.Random, level: int, colour: str, *, width: int, trees: int) -> dict[str, object]:
    phases = [chance.uniform(0, math.tau) for _ in range(3)]

    def height(x: float) -> float:
        waves = zip((30, 14, 6), (1.3, 3.1, 7.7), phases, strict=True)
        swing = sum(size * math.sin(x / _WIDTH * math.tau * turns + phase) for size, turns, phase in waves)
        return level + swing

    outline = " ".join(f"{x},{height(x):.1f}" for x in range(0, width + _STEP, _STEP))
    places = sorted(chance.randrange(width) for _ in range(trees))
    grown = [(x, height(x), chance.uniform(0.5, 1.0) * level / 8) for x in places]
    return {"outline": outline, "colour": colour, "trees": grown}
