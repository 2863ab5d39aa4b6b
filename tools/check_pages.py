"""Open every page of a built book in Chromium, wide, dark and as on a phone, and fail on what a reader would trip over.

``RBCL_HTML=_build/smoke/html pytest tools/check_pages.py``. Chromium is the system's (``CHROMIUM`` names another one);
nothing is downloaded.
"""

from __future__ import annotations

import base64
import functools
import http.server
import io
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import download
import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = (ROOT / os.environ.get("RBCL_HTML", "_build/smoke/html")).resolve()
LOOKS = {"wide": (1440, "light"), "dark": (1440, "dark"), "phone": (390, "light")}
SETTLED = """() => document.fonts.status === 'loaded'
  && (!window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true))"""
DEAD_LINKS = """() => [...document.querySelectorAll('a[href^="#"]')].map(a => decodeURIComponent(a.hash.slice(1)))
  .filter(name => name && !document.getElementById(name))"""
PATIENCE = 600_000  # milliseconds; a busy machine may take long, and a page that hangs is still found


def script(name: str) -> str:
    """A function in JavaScript, without the comment above it."""
    lines = (ROOT / "tools" / name).read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith("//"))


FINDINGS, CONTRAST = script("findings.js"), script("contrast.js")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A file server that does not write to the terminal."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def pages() -> list[str]:
    """Every page of the book, relative to its folder."""
    found = (p.relative_to(HTML) for p in HTML.rglob("*.html"))
    return sorted(p.as_posix() for p in found if p.parts[0] not in ("_static", "mathjax", "index.html"))


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The book, served on a free port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(HTML)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def looks() -> Iterator[dict[str, BrowserContext]]:
    """The system's Chromium, once for each way of looking."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if name and (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium found: install it (apt-get install chromium) or set CHROMIUM to its path")
    with sync_playwright() as play:
        chromium = play.chromium.launch(
            executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        contexts = {}
        for name, (width, theme) in LOOKS.items():
            contexts[name] = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
            contexts[name].add_init_script(
                f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')"
            )
        yield contexts
        chromium.close()


def test_the_book_is_there() -> None:
    """An empty folder must not pass."""
    assert "book/index.html" in pages(), f"no book in {HTML}: run `make book`, or `make smoke`, first"


def test_the_first_page_leads_to_the_book() -> None:
    """The file that a reader opens only sends the browser on."""
    assert "url=book/index.html" in (HTML / "index.html").read_text(encoding="utf-8")


def views() -> list[tuple[str, str]]:
    """Every page in every look; pages of source code, all of one template, are seen wide; the one file of all is opened
    below.
    """
    seen = [(p, look) for p in pages() for look in LOOKS if look == "wide" or not p.startswith("_modules/rbcl_lite/")]
    return [(page, look) for page, look in seen if not page.startswith("download/")]


@pytest.mark.parametrize(("page", "look"), views())
def test_page(page: str, look: str, address: str, looks: dict[str, BrowserContext]) -> None:
    """One page: no request elsewhere, no error, maths set, images there, described and not faint, nothing too wide."""
    tab = looks[look].new_page()
    trouble: list[str] = []
    local = (address, "data:", "blob:", "about:")
    tab.on("request", lambda r: None if r.url.startswith(local) else trouble.append(f"external request {r.url}"))
    tab.on("pageerror", lambda e: trouble.append(f"JavaScript error {e.message}"))
    tab.on("console", lambda m: trouble.append(f"console error {m.text}") if m.type == "error" else None)
    tab.on("response", lambda r: trouble.append(f"HTTP {r.status} {r.url}") if r.status >= 400 else None)
    tab.goto(f"{address}/{page}", wait_until="load", timeout=PATIENCE)
    tab.evaluate("() => { for (const d of document.querySelectorAll('details')) d.open = true }")
    tab.wait_for_function(SETTLED, timeout=PATIENCE)
    tab.wait_for_timeout(100)
    for kind, where in tab.evaluate(FINDINGS).items():
        trouble += [f"{kind}: {w}" for w in where]
    if look != "phone":  # the same pixels
        trouble += [f"too faint in a figure: {w}" for w in tab.evaluate(CONTRAST)]
    tab.close()
    assert not trouble, "\n".join([f"{page}, {look}", *trouble])


def test_the_whole_book_is_one_file(looks: dict[str, BrowserContext]) -> None:
    """Opened from the disk: nothing is asked for, maths is set in its own fonts, every link leads somewhere."""
    tab = looks["wide"].new_page()
    trouble: list[str] = []
    file = (HTML / download.NAME).as_uri()
    tab.on("request", lambda r: None if r.url.startswith((file, "data:", "blob:")) else trouble.append(r.url))
    tab.on("pageerror", lambda e: trouble.append(f"JavaScript error {e.message}"))
    tab.goto(file, wait_until="load", timeout=PATIENCE)
    tab.wait_for_function(SETTLED, timeout=PATIENCE)
    found = tab.evaluate(FINDINGS)
    for kind in ("maths not typeset", "maths with an error", "broken image", "image without a description"):
        trouble += [f"{kind}: {w}" for w in found[kind]]
    trouble += [f"leads nowhere: {w}" for w in tab.evaluate(DEAD_LINKS)]
    fonts = tab.evaluate(
        "() => [...document.fonts].filter(f => f.family.startsWith('MJX') && f.status === 'loaded').length"
    )
    tab.close()
    assert not trouble and fonts, "\n".join(trouble)


def drawing(ink: str, label: str) -> Image.Image:
    """A made-up figure: curves, a faint grid, a cloud, a band, a bar with a label, crops that are all noise."""
    picture = Image.new("RGBA", (800, 500), (0, 0, 0, 0))
    for faint in ("grid", "band", "cloud"):
        layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        pen = ImageDraw.Draw(layer)
        if faint == "grid":
            for x in range(50, 800, 50):
                pen.line([(x, 0), (x, 500)], "#75757533", 2)
        elif faint == "band":
            pen.polygon([(0, 300), (400, 150), (400, 250), (0, 400)], "#1f8a8a40")
        else:
            for x in range(420, 600, 12):
                pen.ellipse([x, 40 + x % 77, x + 10, 50 + x % 77], "#7a7a8c59")
        picture.alpha_composite(layer)
    pen = ImageDraw.Draw(picture)
    pen.line([(0, 350), (400, 200)], "#1f8a8a", 4)
    pen.line([(20, 130), (410, 30)], ink, 4)
    pen.rectangle([440, 250, 560, 480], "#7d5ba6")
    for y in range(270, 460, 30):
        pen.rectangle([470, y, 530, y + 5], label)
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    picture.paste(Image.fromarray(noise).resize((160, 480), Image.Resampling.NEAREST), (620, 10))
    return picture


@pytest.mark.parametrize(
    ("ink", "label", "wide", "dark"),
    [
        ("#1f8a8a", "#ffffff", [], []),
        ("#c9d8a0", "#ffffff", ["#c9d8a0 on #ffffff"], []),
        ("#3b3b4f", "#ffffff", [], ["#3b3b4f on #14181e"]),
        ("#1f8a8a", "#8a6fb0", ["#8a6fb0 on #7d5ba6"], ["#8a6fb0 on #7d5ba6"]),
    ],
)
def test_faint_colours_are_seen(
    ink: str, label: str, wide: list[str], dark: list[str], looks: dict[str, BrowserContext]
) -> None:
    """The rule on made-up figures: a curve that fades on the page, a label that fades on its bar, and neither."""
    whole = drawing(ink, label)
    for picture in (whole, whole.crop((0, 0, 610, 500))):  # with and without crops of images
        file = io.BytesIO()
        picture.save(file, "png")
        source = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        for ground, faint in (("#ffffff", wide), ("#14181e", dark)):
            tab = looks["wide"].new_page()
            tab.set_content(f'<body style="background: {ground}"><figure><img alt="made up" src="{source}"></figure>')
            found = [f.split(",")[0] for f in tab.evaluate(CONTRAST)]
            tab.close()
            assert found == (faint if picture is not whole or ground in "".join(faint) else [])
