"""Tables of names and of CSV files that people have, or that somebody made to do harm."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

NFC, NFD = "p\u00e9", "pe\u0301"
LONG = "p" + "0" * 242

READ_NAMES: dict[str, tuple[str, str | None]] = {
    "space": ("p 03_c0_0.png", "p 03"),
    "newline": ("p\n03_c0_0.png", "p\n03"),
    "leading dash": ("-p03_c0_0.png", "-p03"),
    "an option": ("--data=x_c0_0.png", "--data=x"),
    "quotes and a semicolon": ("';touch executed;\"_c0_0.png", "';touch executed;\""),
    "a format": ("{0.__class__}%s_c0_0.png", "{0.__class__}%s"),
    "Unicode, composed": (f"{NFC}_c0_0.png", NFC),
    "Unicode, decomposed": (f"{NFD}_c0_0.png", NFC),
    "from right to left": ("\u202egnp_c0_0.png", "\u202egnp"),
    "no Unicode": ("p\udcff03_c0_0.png", "p\udcff03"),
    "255 bytes": (f"{LONG}_c0_0.png", LONG),
    "large letters at its end": ("p99_c0_0.PNG", "p99"),
    "hidden": (".p99_c0_0.png", None),
    "of another system": ("._p03_c0_0.png", None),
    "no image": ("p99_c0_0.png.txt", None),
}
"""The name that an image gets, and the person who is found there; None if it is left out."""

REFUSED_NAMES: dict[str, tuple[tuple[str, ...], str]] = {
    "two forms of Unicode": ((f"{NFC}_c0_0.png", f"{NFD}_c0_1.png"), "writes 1 of its identity names in more than one"),
    "one number twice": (("7_c0_0.png", "007_c0_1.png"), "in more than one way: '007' and '7'"),
    "no person": (("nan_c0_0.png",), "no id in 1 of"),
    "below zero": (("-7_c0_0.png",), "identity -7 below zero"),
    "it tells the terminal": (("\x1b[2J\x1b]0;x\x07.png",), r"first \x1b[2J\x1b]0;x\x07.png; change the pattern"),
}
"""Names that images get, and what is said."""


def lines(change: Callable[[list[str]], list[str]]) -> Callable[[str], bytes]:
    return lambda text: ("\n".join(change(text.splitlines())) + "\n").encode()


def first(put: str) -> Callable[[str], bytes]:
    """Another first line below the header."""
    return lines(lambda rows: [rows[0], put, *rows[2:]])


READ_TABLES: dict[str, Callable[[str], bytes]] = {
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "tabs": lambda text: text.replace(",", "\t").encode(),
    "semicolons": lambda text: text.replace(",", ";").encode(),
    "semicolons, a mark and CRLF": lambda text: ("\ufeff" + text.replace(",", ";").replace("\n", "\r\n")).encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "no end of the last line": lambda text: text.strip().encode(),
    "empty lines": lambda text: text.replace("\n", "\n\n").encode(),
    "quotes": lambda text: "\n".join('"' + row.replace(",", '","') + '"' for row in text.split()).encode(),
    "spaces": lambda text: text.replace(",", " , ").encode(),
    "other headings, in large letters": lambda text: text.replace("file,person,camera", "IMG_PATH,PID,CamID").encode(),
    "detours": lambda text: text.replace("\np", "\n./x/../p").encode(),
}
"""What becomes of a good table's text; it must be read as before."""

REFUSED_TABLES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "empty": (lambda text: b"", "lacks the column id, path; it has none"),
    "blank": (lambda text: b"\n\n", "lacks the column id, path; it has none"),
    "header alone": (lines(lambda rows: rows[:1]), "lists no image"),
    "absent column": (lines(lambda rows: ["file,camera", *rows[1:]]), "lacks the column id; it has file, camera"),
    "two columns of a meaning": (lines(lambda rows: ["file,pid,id", *rows[1:]]), "both mean id; rename or remove one"),
    "UTF-16": (lambda text: text.encode("utf-16"), "is no CSV table in UTF-8"),
    "a sheet": (lambda text: b"PK\x03\x04\x14\0\xff\xfe", "is no CSV table in UTF-8"),
    "NaN": (first("p00_c0_0.png,NaN,c0"), "no id in 1 of 120 places: 'NaN'"),
    "no value": (first("p00_c0_0.png,,c0"), "no id in 1 of 120 places: ''"),
    "duplicate": (lines(lambda rows: [*rows, rows[1]]), "lists 1 images more than once, first p00_c0_0.png"),
    "duplicate by a detour": (lines(lambda rows: [*rows, "./x/../" + rows[1]]), "lists 1 images more than once"),
    "absent file": (first("p77_c0_0.png,p77,c0"), "1 of 120 images are missing, first @p77_c0_0.png"),
    "other form of Unicode": (first(f"{NFC}_c0_0.png,p00,c0"), "its name is there in another Unicode form (NFD)"),
    "300 characters": (first("p" * 300 + ".png,p00,c0"), "1 of 120 images are missing, first @" + "p" * 300),
    "zero byte": (first("p\0.png,p00,c0"), "1 of 120 paths leave the folder"),
    "out of the folder": (first("../secret.png,p00,c0"), "1 of 120 paths leave the folder @ '../secret.png,p00,c0'"),
    "out by a detour": (first("x/../../secret.png,p00,c0"), "give the folder that holds all images"),
    "elsewhere": (first("/etc/passwd,p00,c0"), "1 of 120 paths leave the folder"),
    "a folder": (first(".,p00,c0"), "1 of 120 images are missing"),
    "more fields": (first("p00_c0_0.png,p00,c0,more"), "4 fields where the header has 3"),
    "open quote": (first('"p00_c0_0.png,p00,c0'), "fields where the header has 3"),
    "field without an end": (first("p" * 200_000 + ",p00,c0"), "is no CSV table in UTF-8: field larger than"),
    "unknown split": (
        lines(lambda rows: [rows[0] + ",split", *(row + ",trian" for row in rows[1:])]),
        "split 'trian' is not known; write train, val",
    ),
}
"""What becomes of a good table's text, and what is said; where the message holds something else, an @ stands here."""


def beside(root: Path) -> None:
    """What some of the tables speak of: a picture outside of the folder, and one by its decomposed name."""
    (root.parent / "secret.png").write_bytes((root / "p00_c0_0.png").read_bytes())
    (root / (unicodedata.normalize("NFD", NFC) + "_c0_0.png")).write_bytes((root / "p00_c0_0.png").read_bytes())
