"""Mails as a program shows them: in a real browser, their pictures in place of their `cid`."""

from __future__ import annotations

import base64
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.accessibility import violations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

    from playwright.sync_api import Browser, Page

_WIDER = "document.documentElement.scrollWidth - innerWidth"
_UNLOADED = "[...document.images].filter(image => !image.naturalWidth).map(image => image.src.slice(0, 80))"


def plain_of(mail: EmailMessage) -> str:
    """Return what readers of plain text see."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def page_of(mail: EmailMessage) -> str:
    """Return the page of a mail, with its pictures in it."""
    part = mail.get_body(("html",))
    assert part is not None
    pictures = {str(item["Content-ID"])[1:-1]: item for item in mail.walk() if item["Content-ID"]}

    def data(match: re.Match[str]) -> str:
        picture = pictures[match[1]]
        content = picture.get_payload(decode=True)
        assert isinstance(content, bytes)
        return f'src="data:{picture.get_content_type()};base64,{base64.b64encode(content).decode()}"'

    return re.sub(r'src="cid:([^"]+)"', data, str(part.get_content()))


@contextmanager
def opened(mail: EmailMessage, browser: Browser, *, width: int = 600, dark: bool = False) -> Iterator[Page]:
    """Open a mail, and close it again; it may ask for nothing and run nothing."""
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light")
    tab = context.new_page()
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("dialog", lambda dialog: asked.append(dialog.message))
    tab.set_content(page_of(mail))
    yield tab
    context.close()
    assert [address for address in asked if not address.startswith("data:")] == []


def check_mail(mail: EmailMessage, browser: Browser) -> None:
    """Check a mail's page on a light phone and on a dark desk: it fits, its pictures load, axe is content."""
    for width, dark in ((320, False), (600, True)):
        with opened(mail, browser, width=width, dark=dark) as tab:
            assert tab.evaluate(_WIDER) <= 0, f"wider than {width} pixels"
            assert tab.evaluate(_UNLOADED) == []
            assert violations(tab) == []
