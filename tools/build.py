"""Render the book from the executed copies of one scale, with every warning an error.

``python tools/build.py laptop`` writes ``_build/html``, any other scale ``_build/<scale>/html``. The repository's
address comes from pyproject.toml.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import download
import yaml
from jupyter_book.config import get_final_config

if sys.version_info >= (3, 11):
    import tomllib
else:  # installed with Sphinx and pytest on Python 3.10
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
# sphinx-thebe loads live kernels from a CDN and declares its script twice; the other two are not used
UNUSED = {"sphinx_thebe", "sphinx_comments", "sphinx.ext.intersphinx"}


def repository() -> str:
    """The repository's address, kept in pyproject.toml alone."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["urls"]["Repository"]


def version() -> str:
    """The package's version, from pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["version"]


def html_folder(scale: str) -> Path:
    """Where the pages of a scale go."""
    return ROOT / "_build" / "html" if scale == "laptop" else ROOT / "_build" / scale / "html"


def sphinx_settings(source: Path) -> dict[str, Any]:
    """The Sphinx configuration that Jupyter Book makes of ``book/_config.yml``, with what is known only now."""
    config = yaml.safe_load((ROOT / "book" / "_config.yml").read_text(encoding="utf-8"))
    config["repository"]["url"] = repository()
    settings, _ = get_final_config(
        user_yaml=config, sourcedir=source, cli_config={"latex_individualpages": False}, raise_on_invalid=True
    )
    settings["extensions"] = [e for e in settings["extensions"] if e not in UNUSED]
    settings["version"] = settings["release"] = version()
    settings["html_extra_path"] = [str(ROOT / "book" / "vendor")]
    settings["rbcl_results"] = str(ROOT / "rbcl_lite" / "results")
    return settings


def assemble(source: Path) -> None:
    """Copy the book's pages beside the executed notebooks and write the configuration."""
    shutil.rmtree(source / "book", ignore_errors=True)
    skip = shutil.ignore_patterns("vendor", "_ext", "__pycache__", "_config.yml", "_toc.yml")
    shutil.copytree(ROOT / "book", source / "book", ignore=skip)
    shutil.copyfile(ROOT / "book" / "_toc.yml", source / "_toc.yml")
    lines = ["import sys", f"sys.path.insert(0, {str(ROOT / 'book' / '_ext')!r})"]
    lines += [f"{key} = {value!r}" for key, value in sorted(sphinx_settings(source).items())]
    (source / "conf.py").write_text("\n".join(lines) + "\n", encoding="utf-8")


def build(scale: str) -> int:
    """Render one scale.

    Returns:
        Sphinx's exit status.
    """
    source, pages = ROOT / "_build" / scale, html_folder(scale)
    if not any((source / "notebooks").glob("*.ipynb")):
        sys.exit(f"no executed notebooks in {source / 'notebooks'}: run `python tools/execute.py {scale}` first")
    print("rendering the book, every warning an error (a minute or two)…", flush=True)
    assemble(source)
    shutil.rmtree(pages, ignore_errors=True)
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-W", "-n", "--keep-going", "-a", "-E"]
    status = subprocess.run([*command, "-d", str(source / "doctrees"), str(source), str(pages)]).returncode
    if status == 0:
        whole = download.write(pages)
        print(f"open {(pages / 'index.html').relative_to(ROOT)}")
        print(f"the whole book as one file: {whole.relative_to(ROOT)}, {whole.stat().st_size / 1e6:.0f} MB")
    return status


def main() -> None:
    """Parse the command line and build."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scale", help="the scale whose executed notebooks are rendered: laptop, smoke or gpu")
    sys.exit(build(parser.parse_args().scale))


if __name__ == "__main__":
    main()
