"""Pictures, drawn by the shop itself: the same input always gives the same picture."""

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
_TREES_A_RIDGE: Final = 34

_pictures: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates" / "art"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@lru_cache(maxsize=64)
def product_picture(product: Product) -> str:
    """Return the product's picture as SVG."""
    return _pictures.get_template("product.svg").render(product=product)


@lru_cache(maxsize=1)
def landscape() -> str:
    """Return the hero's landscape as SVG: four ridges with trees, farther ones paler.

    It is detailed on purpose: browsers do not count images of very few bytes per pixel as the largest contentful
    paint (https://www.w3.org/TR/largest-contentful-paint/).
    """
    chance = random.Random(1860)
    ridges = [
        _ridge(chance, level, colour)
        for level, colour in ((210, "#9db7a5"), (275, "#7a9d87"), (345, "#56806a"), (425, "#345c49"))
    ]
    stars = [(chance.randrange(_WIDTH), chance.randrange(150), chance.choice((1, 1.5, 2))) for _ in range(60)]
    return _pictures.get_template("landscape.svg").render(ridges=ridges, stars=stars, width=_WIDTH, height=_HEIGHT)


def _ridge(chance: random.Random, level: int, colour: str) -> dict[str, object]:
    phases = [chance.uniform(0, math.tau) for _ in range(3)]

    def height(x: float) -> float:
        waves = zip((30, 14, 6), (1.3, 3.1, 7.7), phases, strict=True)
        return level + sum(size * math.sin(x / _WIDTH * math.tau * turns + phase) for size, turns, phase in waves)

    outline = " ".join(f"{x},{height(x):.1f}" for x in range(0, _WIDTH + _STEP, _STEP))
    trees = [(x, height(x), chance.uniform(0.5, 1.0) * level / 8) for x in _scattered(chance)]
    return {"outline": outline, "colour": colour, "trees": trees}


def _scattered(chance: random.Random) -> list[int]:
    return sorted(chance.randrange(_WIDTH) for _ in range(_TREES_A_RIDGE))
