"""Half layouts, two at once, lists that do not fit: said before anything is made."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from pathlib import Path

import known_layouts as layouts
import pytest
from scipy.io import loadmat, savemat

from rbcl_lite.data.images import Images
from rbcl_lite.data.layouts import cuhk03_mat
from rbcl_lite.data.layouts.known import LAYOUTS, recognise


def refuses(error: type[Exception], message: str, root: Path, name: str | None = None) -> None:
    with pytest.raises(error, match=message) as caught:
        recognise(root, name).read(root, None)
    assert "\n" not in str(caught.value)


def test_half_a_layout_says_what_is_lacking_and_what_is_there(tmp_path: Path) -> None:
    layouts.msmt17(tmp_path)
    (tmp_path / "list_gallery.txt").unlink()
    looks = (
        r"looks like msmt17-v2, but lacks list_gallery.txt; found list_query.txt, list_train.txt, list_val.txt, mask"
    )
    refuses(FileNotFoundError, looks, tmp_path)
    refuses(FileNotFoundError, "looks like msmt17-v1, but lacks train, test, list_gallery.txt", tmp_path, "msmt17-v1")
    refuses(FileNotFoundError, r"in no known layout; looked for veri776 \(image_train, image_", tmp_path, "veri776")


def test_an_empty_folder_and_a_folder_of_other_things(tmp_path: Path) -> None:
    refuses(FileNotFoundError, "found nothing; any other folder is read by --table or --pattern", tmp_path)
    for number in range(15):
        (tmp_path / f"{number:02d}").mkdir()
    said = r"looked for market1501 .*; veri776 .*; found 00/, 01/, .*, 11/, 3 more; any other"
    refuses(FileNotFoundError, said, tmp_path)


def test_one_folder_too_high(tmp_path: Path) -> None:
    layouts.veri776(tmp_path / "VeRi")
    refuses(FileNotFoundError, f"did you mean {tmp_path}/VeRi", tmp_path)


def test_two_layouts_at_once_are_named(tmp_path: Path) -> None:
    layouts.cuhk03_unpacked(tmp_path)
    layouts.cuhk03_unpacked(tmp_path, "labeled")
    said = "in the layouts cuhk03-detected and cuhk03-labeled at once: name one, such as --layout cuhk03-detected"
    refuses(ValueError, said, tmp_path)
    assert recognise(tmp_path, "cuhk03-labeled") is LAYOUTS["cuhk03-labeled"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"layout": "msmt17"}, r"unknown layout 'msmt17': choose one of market1501, msmt17-v1, msmt17-v2, cuhk03"),
        ({"layout": "veri776", "pattern": "(?P<id>.)"}, r"give a layout \(veri776\), or a table or a pattern"),
        ({"data": "campus", "layout": "veri776"}, "campus is a domain that is drawn, and has no table, pattern or lay"),
    ],
)
def test_layouts_that_cannot_be_named(given: dict, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        Images(**{"data": str(tmp_path), **given})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0000/0000_000_14_0303morning_0000_0.jpg", "list_query.txt: line 1 is '0000/0000_000_14_.*' .*not such as"),
        ("0000/photo.jpg 0", "list_query.txt: line 1 is '0000/photo.jpg 0', not such as"),
        ("0000/0000_000_14_0303morning_0000_0.jpg anna", "line 1 .*anna.*not such as"),
        ("0000/0000_000_00_0303morning_0000_0.jpg 0", r"camera 0 of mask_test_v2/0000/.* \(1 in all\); .* from 1"),
        (
            "0000/0000_001_14_0303morning_0001_0.jpg 0",
            "lists 1 images more than once, first mask_test_v2/0000/0000_001",
        ),
        ("0000/0000_000_14_0303morning_0000_0.jpg 1", "do not fit together: .* is test/0, but .* all four lists from"),
    ],
)
def test_lists_of_msmt17(line: str, message: str, tmp_path: Path) -> None:
    layouts.msmt17(tmp_path)
    lines = (tmp_path / "list_query.txt").read_text().splitlines()
    (tmp_path / "list_query.txt").write_text("\n".join([line, *lines[1:]]))
    message = message.replace("is '0000/0000_000_14_.*' .*not", "is '0000/0000_000_14_.*', not")
    refuses(ValueError, message, tmp_path)


def test_an_empty_list_and_an_image_that_a_list_names_in_vain(tmp_path: Path) -> None:
    written = layouts.msmt17(tmp_path)
    victim = next(iter(written))
    (tmp_path / victim).unlink()
    with pytest.raises(FileNotFoundError, match=f"1 of 88 images are missing, first .*{victim}"):
        Images(str(tmp_path)).version()
    (tmp_path / "list_val.txt").write_text("\n")
    refuses(ValueError, r"list_val.txt lists no image", tmp_path)


def test_names_of_veri776(tmp_path: Path) -> None:
    written = layouts.veri776(tmp_path)
    victim = tmp_path / next(iter(written))
    victim.rename(victim.with_name("car.jpg"))
    refuses(ValueError, "1 names in .*image_train do not fit, first car.jpg; VeRi-776 names", tmp_path)
    (tmp_path / "image_train/car.jpg").unlink()
    said = rf"1 images of .*name_train.txt are missing in .*image_train, first {victim.name}; unpack"
    refuses(FileNotFoundError, said, tmp_path)


def test_cuhk03_goes_on_with_an_unpacking_that_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = layouts.cuhk03(tmp_path)
    read, reads = cuhk03_mat._pixels, []

    def stopping(held, pairs, name, file):
        reads.append(name)
        if len(reads) == 20:
            raise KeyboardInterrupt
        return read(held, pairs, name, file)

    monkeypatch.setattr(cuhk03_mat, "_pixels", stopping)
    with pytest.raises(KeyboardInterrupt):
        recognise(tmp_path).read(tmp_path, None)
    assert len(list((tmp_path / "images_detected").iterdir())) == 19
    recognise(tmp_path).read(tmp_path, None)
    assert len(reads) == len(written) + 1, "only the image at which it stopped is read twice"
    recognise(tmp_path).read(tmp_path, None)
    assert len(reads) == len(written) + 1


def test_cuhk03_without_the_file_or_what_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layouts.cuhk03(tmp_path / "packed")
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "h5py", None)
        refuses(
            ImportError, re.escape('cuhk-03.mat is read by h5py: pip install "rbcl-lite[cuhk03]"'), tmp_path / "packed"
        )

    @contextmanager
    def forbidden(path):
        raise PermissionError("no")
        yield

    with monkeypatch.context() as patched:
        patched.setattr(cuhk03_mat, "replacing", forbidden)
        refuses(PermissionError, "must be unpacked once into .*images_detected, which may not", tmp_path / "packed")
    (tmp_path / "packed/cuhk03_release/cuhk-03.mat").write_bytes(b"half")
    refuses(ValueError, "cuhk-03.mat is no HDF5 file .*copy it again", tmp_path / "packed")
    written = layouts.cuhk03_unpacked(tmp_path / "folder")
    victim = next(iter(written))
    (tmp_path / "folder" / victim).unlink()
    refuses(
        FileNotFoundError, f"1 of 88 images of CUHK03 are missing, first .*{victim}, and .*unpack", tmp_path / "folder"
    )


def test_cuhk03_of_another_kind(tmp_path: Path) -> None:
    layouts.cuhk03(tmp_path)
    config = tmp_path / "cuhk03_new_protocol_config_detected.mat"
    config.rename(tmp_path / "cuhk03_new_protocol_config_labeled.mat")
    refuses(ValueError, "cuhk-03.mat holds no images 'labeled', but #refs#, detected", tmp_path)


def test_protocols_of_cuhk03(tmp_path: Path) -> None:
    layouts.cuhk03(tmp_path)
    config = tmp_path / "cuhk03_new_protocol_config_detected.mat"
    held = {k: v for k, v in loadmat(config).items() if not k.startswith("__")}
    savemat(config, {**held, "labels": held["labels"] % 7})
    refuses(ValueError, "its labels and the persons in its file names are not the same people", tmp_path)
    savemat(config, {**held, "labels": held["labels"][1:]})
    refuses(ValueError, "holds 87 labels of 88 images", tmp_path)
    savemat(config, {k: v for k, v in held.items() if k != "train_idx"})
    refuses(ValueError, r"is not the new protocol of CUHK03 \(KeyError: 'train_idx'\); it holds filelist", tmp_path)
    missing = held["filelist"].copy()
    missing[0, 0][:] = "1_001_1_05.png"
    savemat(config, {**held, "filelist": missing})
    refuses(
        ValueError, r"cuhk-03.mat has no image at the place of images_detected/1_001_1_05.png; .*uint64 \[2\]", tmp_path
    )
    config.unlink()
    json_file = tmp_path / "splits_new_detected.json"
    json_file.write_text(json.dumps([{"train": []}] * 20))
    refuses(ValueError, r"splits_new_detected.json is not the new protocol of CUHK03 \(ValueError: too many", tmp_path)
    json_file.write_text(json.dumps([{"train": [["anna.png", 1, 0]], "query": [], "gallery": []}]))
    refuses(ValueError, "the protocol names 'anna.png'; CUHK03 names its images such as 1_045_2_07.png", tmp_path)
