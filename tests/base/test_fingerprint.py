"""What changes the name of the code, and what does not."""

import shutil

import pytest

from rbcl_lite.base import fingerprint as module
from rbcl_lite.base.fingerprint import closure, fingerprint, normalised

SOURCE = '''"""A module.

With a long docstring.
"""

# why
import math  # for pi


class Odd(ValueError): """beside the code"""


def area(r):
    """Area, with a # sign."""
    text = "# no comment"

    return math.pi * r * r, text
'''


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the package's sources that may be edited; ``fingerprint`` reads it."""
    root = tmp_path / "rbcl_lite"
    shutil.copytree(module.ROOT, root, ignore=shutil.ignore_patterns("__pycache__", "results", "*.tmp"))
    monkeypatch.setattr(module, "ROOT", root)
    fingerprint.cache_clear()
    yield root
    fingerprint.cache_clear()


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    fingerprint.cache_clear()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("With a long docstring.\n", "With another one,\nof two lines.\n"),
        ("# why\n", ""),
        ("  # for pi", ""),
        ("beside the code", "still beside the code"),
        ('    """Area, with a # sign."""\n', ""),
        ("\n\nclass", "\nclass"),
    ],
)
def test_words_do_not_count(old, new):
    assert old in SOURCE
    assert normalised(SOURCE) == normalised(SOURCE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class Odd(ValueError)", "class Odd(TypeError)"),  # the docstring stands on the same line
        ("# no comment", "# a comment?"),  # a string that is no docstring
        ("r * r", "r * r * r"),
        ("import math", "import cmath as math"),
        ("\n\nclass", "\nx = 1\n\nclass"),
    ],
)
def test_code_counts(old, new):
    assert old in SOURCE
    assert normalised(SOURCE) != normalised(SOURCE.replace(old, new))


def test_normalised_text():
    kept = ["import math", "class Odd(ValueError):", "def area(r):", '    text = "# no comment"']
    assert normalised(SOURCE).split("\n") == [*kept, "    return math.pi * r * r, text"]


def test_a_docstring_with_letters_of_several_bytes():
    assert normalised('class Ü(X): "λ → τ"; y = 1') == "class Ü(X): ; y = 1"


def test_a_run_stands_on_what_its_method_imports():
    def names(*modules):
        paths = closure([module.ROOT / f"{m}.py" for m in modules])
        return {p.relative_to(module.ROOT).as_posix() for p in paths}

    method = names("methods/bct")
    assert {"methods/bct.py", "protocol.py", "losses/influence.py", "base/tensors.py", "features.py"} <= method
    assert {"data/augment.py", "models/embedder.py", "models/backbones.py"} <= method
    run = names("methods/bct", "learners/supervised", "training/loop", "runs/start", "models/extract")
    assert {"data/sampling.py", "data/world.py", "losses/triplet.py", "training/speed.py"} <= run
    for found in (method, run):
        assert not {"losses/mixing.py", "methods/l2.py", "metrics/retrieval.py", "runs/run.py"} & found
        assert not [n for n in found if n.endswith("__init__.py")]


def test_edits_of_a_copy(copy):
    before = {m: fingerprint(m) for m in ("methods.bct", "methods.l2", "training.loop")}
    whole = fingerprint()
    edit(copy / "losses" / "influence.py", '"""', '"""Other words. ')
    edit(copy / "losses" / "influence.py", "from __future__", "# a comment\nfrom __future__")
    assert {m: fingerprint(m) for m in before} == before and fingerprint() == whole
    edit(copy / "losses" / "influence.py", "logit_scale: float = 16.0", "logit_scale: float = 17.0")
    assert fingerprint("methods.bct") != before["methods.bct"]
    assert fingerprint("methods.l2") == before["methods.l2"]
    assert fingerprint("training.loop") == before["training.loop"]
    assert fingerprint() != whole


def test_a_new_file_changes_the_whole_only(copy):
    before, whole = fingerprint("training.loop"), fingerprint()
    (copy / "losses" / "brand_new.py").write_text("x = 1\n")
    fingerprint.cache_clear()
    assert fingerprint("training.loop") == before and fingerprint() != whole


def test_several_modules_and_their_order():
    assert fingerprint("methods.l2", "training.loop") == fingerprint("training.loop", "methods.l2")
    assert len(fingerprint("training.loop")) == 12


def test_unknown_module():
    with pytest.raises(ValueError, match=r"no module methods/magic\.py"):
        fingerprint("methods.magic")
