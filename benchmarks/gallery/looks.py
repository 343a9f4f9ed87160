"""How a mail looks: measured in a browser at several widths, in light and in dark, and drawn."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gallery.chromium import Browser
from benchmarks.gallery.mails import Sight
from benchmarks.gallery.png import indexed

_HERE = Path(__file__).parent
_MEASURE = (_HERE / "measure.js").read_text("utf-8")
_PALETTE = (_HERE / "palette.js").read_text("utf-8")
_TALL = 800
_PICTURES = "for (const image of document.images) {{ const found = {0}[image.src]; if (found) image.src = found }}"
_LOADED = "Promise.all([...document.images].map((image) => image.decode().catch(() => 0))).then(() => 0)"
_STYLED = "for (const sheet of document.styleSheets) sheet.disabled = {0}"


@dataclass(frozen=True, slots=True)
class View:
    """One way to look at a mail: so many CSS pixels wide, each `zoom` pixels of the screen, on light or dark paper."""

    name: str
    width: int
    dark: bool
    zoom: int = 1
    styled: bool = True


DRAWN = (
    View("360-light", 360, dark=False),
    View("360-dark", 360, dark=True),
    View("800-light", 800, dark=False),
    View("800-dark", 800, dark=True),
)
MEASURED = (
    *DRAWN,
    View("800 at 200 %", 400, dark=False, zoom=2),
    View("360 at 200 %", 180, dark=False, zoom=2),
    View("360 without styles", 360, dark=False, styled=False),
)
"""Zoom halves the room that a browser has for its words; some mail clients take a mail's style sheet away."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What was found wrong with one mail, its least contrast, and its smallest letters in px."""

    faults: tuple[str, ...]
    contrast: float
    letters: float


def look(sight: Sight, browser: Browser, folder: Path, views: tuple[View, ...] = MEASURED) -> Looks:
    """Show a mail in every view, and say what a reader would stumble over."""
    page = folder / "mail.html"
    page.write_text(sight.html, "utf-8")
    asked = [address for address in browser.show(page) if not address.startswith("cid:")]
    faults = [f"it loads {address[:80]}" for address in asked]
    _put_pictures(sight, browser)
    least, smallest = 21.0, 100.0
    for view in views:
        _set(browser, view)
        told = browser.run(_MEASURE)
        if told["language"] != sight.language:
            faults.append(f"its language is {told['language'] or 'not told'}")
        faults += [f"{view.name}: {fault}" for fault in told["faults"]]
        least, smallest = min(least, told["least"]), min(smallest, told["smallest"])
    return Looks(tuple(f"{sight.name}: {fault}" for fault in dict.fromkeys(faults)), least, smallest)


def draw(sight: Sight, browser: Browser, folder: Path) -> Iterator[tuple[str, bytes]]:
    """The mail as a picture of few colours, as tall as it is, in each view that is drawn, with a name for each."""
    page = folder / "mail.html"
    page.write_text(sight.html, "utf-8")
    _set(browser, DRAWN[0])  # a page that was loaded while all was twice as large goes on writing as it did then
    browser.show(page)
    _put_pictures(sight, browser)
    for view in DRAWN:
        _set(browser, view)
        tall = int(browser.run("Math.ceil(document.documentElement.getBoundingClientRect().height)"))
        _set(browser, view, tall)
        shot = browser.call("Page.captureScreenshot", format="png")["data"]
        drawn = browser.run(f"({_PALETTE})({json.dumps(shot)})")
        palette, pixels = b64decode(drawn["palette"]), b64decode(drawn["pixels"])
        yield f"{sight.notice}-{view.name}", indexed(drawn["width"], drawn["height"], palette, pixels)


def _put_pictures(sight: Sight, browser: Browser) -> None:
    """Show the mail's own images where it names them, as a mail client does."""
    if sight.pictures:
        own = {f"cid:{name}": f"data:image/png;base64,{b64encode(one).decode()}" for name, one in sight.pictures}
        browser.run(_PICTURES.format(json.dumps(own)))
        browser.run(_LOADED)


def _set(browser: Browser, view: View, tall: int = _TALL) -> None:
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=view.width,
        height=tall,
        deviceScaleFactor=view.zoom,
        mobile=False,
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if view.dark else "light"}
    browser.call("Emulation.setEmulatedMedia", media="screen", features=[scheme])
    browser.run(_STYLED.format("false" if view.styled else "true"))
