"""Write the rendered book as one HTML file that needs no other: pictures, styles, maths and its fonts are in it.

``python tools/download.py _build/html`` writes ``_build/html/download/new-model-old-gallery.html``; ``tools/build.py``
does the same after each build. The reference of the package stays online: links to it become plain words.
"""

from __future__ import annotations

import argparse
import base64
import html
import mimetypes
import posixpath
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parent.parent
NAME = "download/new-model-old-gallery.html"
FONT = re.compile(r'url\("%%URL%%/(\w+-?\w*\.woff)"\)')
IMPORT = re.compile(r"""@import (?:url\()?["']([^"']+)["']\)?;""")
LOCAL_URL = re.compile(r"url\((?![\"']?(?:data:|#))[^)]*\)")  # icon fonts, which the file does without
LAYOUT = """
.bd-article-container { max-width: 64rem; margin: auto; padding: 1rem; }
.bd-article { break-before: page; padding-top: 2rem; } .copybtn, .headerlink { display: none; }
"""
LOOK = "document.documentElement.dataset.theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"


def order() -> list[str]:
    """The pages of the book in its order, without the reference of the package."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf-8"))
    pages = [toc["root"]]
    for entry in (entry for part in toc["parts"] for entry in part["chapters"]):
        found = sorted(ROOT.glob(entry["glob"] + ".ipynb")) if "glob" in entry else [ROOT / entry["file"]]
        pages += [path.relative_to(ROOT).with_suffix("").as_posix() for path in found]
    return [page for page in pages if not page.startswith("book/api/")]


def data_url(path: Path) -> str:
    """A file as an address that contains it."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def place(page: str, anchor: str = "") -> str:
    """The name of a page, or of a place in it, within the one file.

    >>> place("notebooks/01_a"), place("notebooks/01_a", "exercises")
    ('01_a', '01_a--exercises')
    """
    return "--".join([page.rsplit("/", 1)[-1], *([anchor] if anchor else [])])


def link(page: str, address: str, pages: list[str]) -> str | None:
    """Where a link of a page leads within the one file; nothing for what is not in it.

    >>> link("notebooks/01_a", "../book/notation.html#map", ["book/notation"])
    '#notation--map'
    >>> link("notebooks/01_a", "../genindex.html", ["book/notation"]), link("a", "https://example.org/b", [])
    (None, 'https://example.org/b')
    """
    parts = urlsplit(address)
    if parts.scheme:
        return address
    target = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else page
    target = target.removesuffix(".html")
    return f"#{place(target, parts.fragment)}" if target in pages or not parts.path else None


def article(folder: Path, page: str, pages: list[str]) -> Tag:
    """The body of one page, with its pictures in it and names that no other page has."""
    path = folder / f"{page}.html"
    body = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser").select_one("article.bd-article")
    if body is None:
        raise ValueError(f"{path} has no article: was the theme changed?")
    for picture in body.find_all("img", src=True):
        if not picture["src"].startswith("data:"):
            picture["src"] = data_url((path.parent / unquote(urlsplit(picture["src"]).path)).resolve())
    for anchor in body.find_all("a", href=True):
        address = link(page, anchor["href"], pages)
        if address is None:
            anchor.unwrap()
        else:
            anchor["href"] = address
    for element in body.find_all(True):
        if element.find_parent("svg"):
            continue  # a drawing finds its parts by names that are its own
        for key in {"id", "for"} & set(element.attrs):
            element[key] = place(page, element[key])
    body["id"] = place(page)
    return body


def style(path: Path) -> str:
    """A style sheet with those that it imports, without addresses of files."""
    text = IMPORT.sub(lambda found: style(path.parent / found[1]), path.read_text(encoding="utf-8"))
    return LOCAL_URL.sub("none", text)


def styles(folder: Path, start: str) -> str:
    """The style sheets of the pages, one below the other."""
    page = BeautifulSoup((folder / f"{start}.html").read_text(encoding="utf-8"), "html.parser")
    files = [urlsplit(str(sheet["href"])).path for sheet in page.select('link[rel="stylesheet"]')]
    kept = [(folder / start).parent / file for file in files if "fontawesome" not in file]
    return "\n".join(map(style, kept)) + LAYOUT


def maths(folder: Path) -> str:
    """MathJax, which asks for its fonts by address, with the fonts in place of the addresses."""
    fonts = folder / "mathjax" / "output" / "chtml" / "fonts" / "woff-v2"
    script = (folder / "mathjax" / "tex-chtml-full.js").read_text(encoding="utf-8")
    script, number = FONT.subn(lambda found: f'url("{data_url(fonts / found[1])}")', script)
    if number < 20:
        raise ValueError(f"only {number} fonts found in MathJax: has it changed how it names them?")
    return script.replace("</script", "<\\/script")


def write(folder: Path) -> Path:
    """Write the file beside the pages in a folder."""
    pages = order()
    articles = [article(folder, page, pages) for page in pages]
    headings = [body.find("h1") for body in articles]
    titles = [
        heading.get_text().rstrip("#") if heading else page for heading, page in zip(headings, pages, strict=True)
    ]
    listed = "".join(f'<li><a href="#{place(p)}">{html.escape(t)}</a></li>' for p, t in zip(pages, titles, strict=True))
    options = '{"options": {"processHtmlClass": "tex2jax_process|mathjax_process|math|output_area"}}'
    target = folder / NAME
    target.parent.mkdir(exist_ok=True)
    with target.open("w", encoding="utf-8") as file:
        file.write(f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{titles[0]}</title>\n')
        file.write('<meta name="viewport" content="width=device-width, initial-scale=1">\n')
        file.write(
            f"<style>\n{styles(folder, pages[0])}</style>\n<script>{LOOK}; window.MathJax = {options}</script>\n"
        )
        file.write(
            '</head>\n<body>\n<main class="bd-main"><div class="bd-content"><div class="bd-article-container">\n'
        )
        file.write(f"<nav><ul>{listed}</ul></nav>\n")
        file.writelines(f"{body}\n" for body in articles)
        file.write(f"</div></div></main>\n<script>{maths(folder)}</script>\n</body>\n</html>\n")
    return target


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", type=Path, help="the folder of a rendered book, such as _build/html")
    path = write(parser.parse_args().pages)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
