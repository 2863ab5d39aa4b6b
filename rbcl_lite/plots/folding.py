"""Source code folded to the width of a page; its meaning stays."""

from __future__ import annotations

import ast
import io
import itertools
import re
import textwrap
import token as kinds
import tokenize
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_OPEN, _CLOSE = "([{", ")]}"
_BREAKS: tuple[tuple[str, ...], ...] = (("for",), ("or",), ("and",), ("if", "else"), ("+", "-"), ("@",))
_STRING = re.compile(r"""\s*([fr]*)(["']).*\2,?""")


class _Word(NamedTuple):
    start: int
    end: int
    text: str
    depth: int  # brackets that are open around it on its own line


def fold(text: str, width: int = 88) -> str:
    """Python source without lines that are wider than the page, broken inside brackets.

    A comment behind a line that is too wide moves above it. What cannot be broken, such as a long
    string, stays, and so does every line whose breaking would change what Python reads.

    Args:
        text: source that parses.
        width: columns of the page.

    Returns:
        source of the same syntax tree.

    >>> print(fold("total = combine(first, second, third)  # all of them", 30))
    # all of them
    total = combine(
        first, second, third
    )
    """
    lines, number = text.splitlines(), 0
    while number < len(lines):
        line = lines[number]
        if len(line) > width:
            words = _words("\n".join(lines), number + 1)
            ways = (way for way in _ways(line, words, width) if max(map(len, way)) < len(line))
            wholes = ([*lines[:number], *way, *lines[number + 1 :]] for way in ways)
            found = next((whole for whole in wholes if _same(text, "\n".join(whole))), None)
            if found is not None:
                lines = found
                continue  # a piece may be too wide as well
        number += 1
    return "\n".join(lines)


def _same(one: str, other: str) -> bool:
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except SyntaxError:
        return False


def _words(text: str, line: int) -> list[_Word]:
    """The tokens of one line; none if a token reaches beyond it."""
    words, depth = [], 0
    for found in tokenize.generate_tokens(io.StringIO(text).readline):
        if found.start[0] <= line <= found.end[0] and found.start[0] != found.end[0] and found.string.strip():
            return []
        if found.start[0] != line or not found.string.strip() or found.type in (kinds.INDENT, kinds.DEDENT):
            continue
        bracket = found.type == kinds.OP
        depth -= bracket and found.string in _CLOSE
        words.append(_Word(found.start[1], found.end[1], found.string, depth))
        depth += bracket and found.string in _OPEN
    return words


def _ways(line: str, words: Sequence[_Word], width: int) -> Iterator[list[str]]:
    """Ways to break a line, the one that reads best first; not each means the same."""
    margin = " " * (len(line) - len(line.lstrip()))
    if words and words[-1].text.startswith("#"):
        comment = words[-1]
        before = line[: comment.start].rstrip()
        room = textwrap.wrap(comment.text, width - len(margin), subsequent_indent="# ", break_long_words=False)
        if before or len(room) > 1:
            yield [margin + piece for piece in room] + [before] * bool(before)
        return
    if string := _STRING.fullmatch(line):
        spaces = [i + 1 for i, c in enumerate(line[: width - 1]) if c == " " and i > string.end(2)]
        for cut in reversed(spaces):
            yield [line[:cut] + string[2], f"{margin}{string[1]}{string[2]}{line[cut:]}"]
    pieces = [margin + piece.strip() for piece in _pieces(line, words)]
    if len(pieces) > 1:
        yield pieces
    inside = _inside(line, words, margin, width)
    value = _value(line, words, margin)
    if inside and value and len(inside[-1].strip(" ,:")) > 1 and not value[1].lstrip().startswith("("):
        yield value  # a chain of calls stays in one piece
    yield from (way for way in (inside, value) if way)


def _inside(line: str, words: Sequence[_Word], margin: str, width: int) -> list[str]:
    """The longest content of brackets on lines of its own."""
    pairs = []
    for i, word in enumerate(words):
        if word.text in _OPEN and word.depth == 0:
            close = next((j for j in range(i + 1, len(words)) if words[j].depth == 0), None)
            if close is not None and close > i + 1:
                pairs.append((i, close))
    if not pairs:
        return []
    i, close = max(pairs, key=lambda pair: words[pair[1]].start - words[pair[0]].end)
    inner = words[i + 1 : close]
    start = inner[0].start
    body = line[start : inner[-1].end]
    moved = [w._replace(start=w.start - start, end=w.end - start, depth=w.depth - 1) for w in inner]
    pieces = [body] if len(margin) + 4 + len(body) <= width else _pieces(body, moved) or [body]
    return [line[: words[i].end], *(f"{margin}    {p.strip()}" for p in pieces), margin + line[words[close].start :]]


def _value(line: str, words: Sequence[_Word], margin: str) -> list[str]:
    """``name = value`` and ``return value`` with brackets around the value."""
    mark = next((w for w in words if w.depth == 0 and w.text in ("=", "return")), None)
    if mark is None or mark.end == words[-1].end:
        return []
    return [f"{line[: mark.end]} (", f"{margin}    {line[mark.end :].strip()}", f"{margin})"]


def _pieces(text: str, words: Sequence[_Word]) -> list[str]:
    """Cut at commas, else before a clause or an operator; nothing if there is no such place."""
    outer = [w for w in words if w.depth == 0]
    commas = [w for w in outer if w.text == ","]
    if commas and not any(w.text in ("for", "lambda") for w in outer):
        cuts = [0, *(w.end for w in commas), len(text)]
        pieces = [text[a:b].rstrip() for a, b in itertools.pairwise(cuts) if text[a:b].strip()]
        return [*pieces[:-1], pieces[-1].rstrip(",") + ","]
    for names in _BREAKS:
        starts = [w.start for w in outer[1:] if w.text in names]
        if starts:
            return [text[a:b].rstrip() for a, b in zip([0, *starts], [*starts, len(text)])]
    return []
