"""Open every page of a built book in Chromium, wide, dark and as on a phone, and fail on what a reader would trip over.

``RBCL_HTML=_build/smoke/html pytest tools/check_pages.py``. Chromium is the system's (``CHROMIUM`` names another one);
nothing is downloaded.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
HTML = (ROOT / os.environ.get("RBCL_HTML", "_build/smoke/html")).resolve()
LOOKS = {"wide": (1440, "light"), "dark": (1440, "dark"), "phone": (390, "light")}
SETTLED = """() => document.fonts.status === 'loaded'
  && (!window.MathJax || !MathJax.startup || MathJax.startup.promise.then(() => true))"""
PATIENCE = 600_000  # milliseconds; a busy machine may take long, and a page that hangs is still found
FINDINGS = (ROOT / "tools" / "findings.js").read_text(encoding="utf-8").split("\n", 1)[1]


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
    """Every page in every look; pages of bare source code are alike in the dark and are not looked at there."""
    return [(p, look) for p in pages() for look in LOOKS if look != "dark" or not p.startswith("_modules/")]


@pytest.mark.parametrize(("page", "look"), views())
def test_page(page: str, look: str, address: str, looks: dict[str, BrowserContext]) -> None:
    """One page: no request elsewhere, no error, maths set, images there and described, nothing wider than the page."""
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
    tab.close()
    assert not trouble, "\n".join([f"{page}, {look}", *trouble])
