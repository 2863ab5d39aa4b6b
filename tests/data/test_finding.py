"""Image files under a folder: links followed, loops, dead links, files that are not read."""

from pathlib import Path

import pytest

from rbcl_lite.data.finding import find_images
from rbcl_lite.data.folders import crops


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_folders_and_files_behind_links_are_found(tmp_path):
    touch(tmp_path / "pool/anna/1.jpg")
    touch(tmp_path / "pool/2.PNG")
    root = tmp_path / "root"
    touch(root / "bo/1.jpg")
    (root / "anna").symlink_to(tmp_path / "pool/anna", target_is_directory=True)
    (root / "cy").mkdir()
    (root / "cy/2.png").symlink_to("../../pool/2.PNG")
    assert find_images(root, recursive=True) == ["anna/1.jpg", "bo/1.jpg", "cy/2.png"]
    (tmp_path / "link").symlink_to(root)
    assert find_images(tmp_path / "link", recursive=True) == ["anna/1.jpg", "bo/1.jpg", "cy/2.png"]


def test_a_link_that_leads_back_ends(tmp_path):
    touch(tmp_path / "root/anna/1.jpg")
    (tmp_path / "root/anna/up").symlink_to("..")
    (tmp_path / "root/self").symlink_to(".")
    (tmp_path / "root/out").symlink_to("../..")
    assert find_images(tmp_path / "root", recursive=True) == ["anna/1.jpg"]


def test_one_folder_reached_in_two_ways(tmp_path):
    touch(tmp_path / "root/anna/1.jpg")
    (tmp_path / "root/bo").symlink_to("anna")
    with pytest.raises(ValueError, match="root/anna and root/bo are one folder, reached in two ways"):
        find_images(tmp_path / "root", recursive=True)


@pytest.mark.parametrize("recursive", [True, False])
def test_links_that_lead_nowhere(recursive, tmp_path):
    touch(tmp_path / "1.jpg")
    for name in ("anna", "bo.jpg"):
        (tmp_path / name).symlink_to("gone")
    with pytest.raises(FileNotFoundError, match=r"2 links below .* lead nowhere, first .*anna -> gone; remove them"):
        find_images(tmp_path, recursive=recursive)
    if recursive:
        with pytest.raises(FileNotFoundError, match="lead nowhere"):
            crops(tmp_path, pattern="(?P<id>.)")


def test_hidden_files_and_folders_and_dead_hidden_links_are_left_out(tmp_path):
    touch(tmp_path / "1.jpg")
    touch(tmp_path / ".2.jpg")
    touch(tmp_path / ".thumbs/3.jpg")
    touch(tmp_path / "notes.txt")
    (tmp_path / ".old").symlink_to("gone")
    assert find_images(tmp_path, recursive=True) == ["1.jpg"]


def test_only_the_folder_itself(tmp_path):
    touch(tmp_path / "1.jpg")
    touch(tmp_path / "below/2.jpg")
    assert find_images(tmp_path) == ["1.jpg"]


def test_images_of_a_type_that_is_not_read_are_named(tmp_path):
    for name in ("1.jpg", "2.HEIC", "3.heic", "4.npy", "5.gif", "6.jfif"):
        touch(tmp_path / name)
    with pytest.warns(UserWarning, match=r"2 \.heic, 1 \.npy files are left out; read are \.jpg"):
        assert find_images(tmp_path) == ["1.jpg", "5.gif", "6.jfif"]
