"""Files of named vectors: one safetensors file, or NumPy beside CSV."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from rbcl_lite.base.files import replacing
from rbcl_lite.data.headings import assign, meaning
from rbcl_lite.data.identities import is_unknown
from rbcl_lite.data.named_vectors import COLUMNS, NOBODY, NamedVectors, numbers

SUFFIXES = (".safetensors", ".npy")
"""How the name of a file of vectors ends; beside an ``.npy`` lies a ``.csv`` of the same name."""


def check_out(path: Path) -> None:
    """Raise ValueError unless vectors can be written under this name."""
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"{path} ends in {path.suffix or 'nothing'}: write vectors to a file that ends in .safetensors, or in .npy "
            "(a CSV of the same name then says whose they are)"
        )


def write_vectors(path: Path, named: NamedVectors) -> None:
    """Write one safetensors file, which :meth:`Features.load
    <rbcl_lite.features.Features.load>` reads too, or an ``.npy`` and a ``.csv`` beside it.

    Raises:
        ValueError: another ending.
    """
    check_out(path)
    if path.suffix == ".npy":
        path.unlink(missing_ok=True)  # an old one must not stand beside the new table
        columns = {"key": named.keys, "id": named.people, "camera": named.cameras, "split": named.splits}
        table = pd.DataFrame({name: column for name, column in columns.items() if column is not None})
        with replacing(path.with_suffix(".csv")) as temporary:
            table.to_csv(temporary, index=False, errors="surrogateescape")
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, named.vectors.cpu().numpy())
        return
    people = named.people or [NOBODY] * len(named.vectors)
    person, camera = numbers(people), numbers(named.cameras or ())
    tensors = {"vectors": named.vectors.cpu().contiguous(), "ids": torch.tensor([person[name] for name in people])}
    if named.cameras is not None:
        tensors["cams"] = torch.tensor([camera[name] for name in named.cameras])
    for name in COLUMNS:
        column = getattr(named, name)
        if column is not None:
            tensors[name] = torch.frombuffer(bytearray(json.dumps(list(column)).encode()), dtype=torch.uint8)
    with replacing(path) as temporary:
        save_file(tensors, temporary, metadata={"model": named.model, "format": "rbcl_lite.Features"})


def read_vectors(path: Path) -> NamedVectors:
    """Read what :func:`write_vectors` or ``Features.save`` wrote, or what another program did.

    Of an ``.npy`` the array [N, D] counts, and the CSV of the same name beside it: one line for each
    row, with the columns ``key`` (or ``path``), ``id`` and, where known, ``camera`` and ``split``, in
    these or other usual spellings (:data:`~rbcl_lite.data.headings.SPELLINGS`).

    Raises:
        FileNotFoundError: no file, or no table beside it.
        ValueError: a damaged file, or lengths that differ.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no file of vectors at {path}; write one with rbcl-lite extract or Features.save")
    return _read_numpy(path) if path.suffix == ".npy" else _read_safetensors(path)


def _read_safetensors(path: Path) -> NamedVectors:
    try:
        with safe_open(str(path), framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}
            model = (file.metadata() or {}).get("model", "")
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged or no safetensors file ({error}); copy or write it again") from error
    if "vectors" not in tensors:
        raise ValueError(f"{path} holds {', '.join(sorted(tensors)) or 'nothing'} and no vectors")
    texts = {}
    for name in COLUMNS:
        if name in tensors:
            texts[name] = json.loads(bytes(tensors[name].numpy()).decode())
    for name, plain in (("people", "ids"), ("cameras", "cams")):
        if name not in texts and plain in tensors:  # of Features.save: the numbers are the names
            texts[name] = [str(i) for i in tensors[plain].tolist()]
    return NamedVectors(tensors["vectors"], **texts, model=model)


def _read_numpy(path: Path) -> NamedVectors:
    beside = path.with_suffix(".csv")
    if not beside.is_file():
        raise FileNotFoundError(f"{path} says whose vectors it holds in {beside.name} beside it, which is missing")
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path} is no NumPy file of numbers ({error}); write it with numpy.save") from error
    if array.ndim != 2 or array.dtype.kind != "f" or array.dtype.itemsize > 8:
        raise ValueError(f"{path} must hold floating-point vectors [N, D], got {array.dtype} {list(array.shape)}")
    try:
        table = pd.read_csv(
            beside, dtype=str, keep_default_na=False, encoding="utf-8-sig", encoding_errors="surrogateescape"
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{beside} is no CSV table: {str(error).strip()}") from error
    headings = ["path" if str(h).strip().lower() == "key" else str(h) for h in table.columns]
    unused = [h for h in headings if meaning(h) is None]
    if unused:
        raise ValueError(
            f"{beside}: the columns {', '.join(map(repr, unused))} mean nothing here; known are key, id, camera, split"
        )
    if len(table) != len(array):
        raise ValueError(f"{beside} has {len(table)} lines for the {len(array)} vectors of {path.name}")
    place = assign(headings, str(beside))
    columns = {m: table.iloc[:, i].str.strip().tolist() for m, i in place.items()}
    for name in ("camera", "split"):
        if name in columns and all(map(is_unknown, columns[name])):
            del columns[name]
    keys, people, cameras, splits = (columns.get(name) for name in ("path", "id", "camera", "split"))
    vectors = torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))
    return NamedVectors(vectors, keys, people, cameras, splits, path.stem)
