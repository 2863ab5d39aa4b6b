"""What every gallery has to do, whatever keeps its vectors: a back end's test file derives from this class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from rbcl_lite.features import Features
from rbcl_lite.gallery import Evidence, VectorStore

DIM = 16
GOOD = Evidence(0.5, 0.3, "2026-11-02", "mAP of validation people")
NAMES = ["camera", "person", "since", "until"]


def people(n: int, model: str = "old", first: int = 0, seed: int = 0) -> Features:
    """n vectors: 7 people gather, 3 cameras, keys of their own; another model sees them a little differently."""
    number = np.arange(first, first + n)
    centres = np.random.default_rng(5).normal(size=(7, DIM))
    noise = np.stack([np.random.default_rng([seed, i]).normal(size=DIM) for i in number]) if n else np.empty((0, DIM))
    vectors = torch.from_numpy((centres[number % 7] + noise).astype(np.float32))
    return Features(vectors, number % 7, number // 7 % 3, model, [f"{i}.png" for i in number])


def reference(
    query: Features, gallery: Features, k: int, mask: np.ndarray | None = None, rule: bool = True
) -> list[list[str]]:
    """Keys of the k nearest by the definition, one pair at a time."""
    out = []
    for i in range(len(query)):
        scored = []
        for j in range(len(gallery)):
            same = query.ids[i] == gallery.ids[j] and query.ids[i] >= 0
            if mask is not None and not mask[j]:
                continue
            if (
                rule
                and same
                and query.cams is not None
                and gallery.cams is not None
                and query.cams[i] == gallery.cams[j]
            ):
                continue
            if query.keys is not None and query.keys[i] == gallery.keys[j]:
                continue
            scored.append((-float(query.vectors[i].double() @ gallery.vectors[j].double()), gallery.keys[j]))
        out.append([key for _, key in sorted(scored)[:k]])
    return out


def found(hits) -> list[list[str]]:
    return [[key for key in line if key] for line in hits.keys.tolist()]


class Conformance:
    """Derive, and give a fixture ``make`` that makes empty stores of DIM coordinates."""

    exact_scores = True  # the index answers as an exact search does, on a few hundred vectors

    @pytest.fixture
    def make(self) -> Callable[[], VectorStore]:
        raise NotImplementedError

    @pytest.fixture
    def store(self, make):
        with make() as store:
            yield store

    @pytest.fixture
    def mixed(self, store):
        """60 old vectors, of which the first 20 were replaced by a new model's."""
        store.add(people(60), time=list(range(60)))
        store.register("new", {"old": GOOD})
        store.backfill(people(20, "new", seed=1))
        return store, Features.concat([people(20, "new", seed=1), people(40, first=20)])

    @pytest.mark.parametrize("exact", [False, True])
    @pytest.mark.parametrize("rule", [False, True])
    def test_it_finds_what_the_definition_says(self, mixed, rule, exact):
        store, gallery = mixed
        query = people(25, "new", first=10, seed=2)  # 25 keys are in the gallery: an image never finds itself
        hits = store.search(query, 9, camera_rule=rule, exact=exact)
        assert found(hits) == reference(query, gallery, 9, rule=rule)
        places = [[gallery.keys.index(key) for key in line] for line in hits.keys]
        for name, column in (("persons", gallery.ids), ("cams", gallery.cams)):
            assert getattr(hits, name).tolist() == column[torch.tensor(places)].tolist(), name
        assert hits.versions.tolist() == [["new" if p < 20 else "old" for p in line] for line in places]
        assert hits.times.tolist() == places
        true = torch.einsum("qd,qkd->qk", query.vectors.double(), gallery.vectors[torch.tensor(places)].double())
        np.testing.assert_allclose(hits.scores, true.numpy(), atol=1e-6)
        assert (np.diff(hits.scores, axis=1) <= 0).all()

    @pytest.mark.parametrize(
        "where",
        [
            {"camera": 1},
            {"camera": [0, 2], "version": "old"},
            {"version": ["new"]},
            {"person": [3, 5]},
            {"since": 15, "until": 40},
            {"since": 30.5, "camera": 2, "person": 4},
            {"camera": 77},
        ],
    )
    def test_conditions(self, mixed, where):
        store, gallery = mixed
        number = np.arange(60)
        columns = {"camera": gallery.cams.numpy(), "person": gallery.ids.numpy()}
        columns["version"] = np.where(number < 20, "new", "old")
        mask = (number >= where.get("since", 0)) & (number < where.get("until", 60))
        for name in {"camera", "person", "version"} & set(where):
            mask &= np.isin(columns[name], where[name])
        query = people(12, "new", first=200, seed=2)
        assert found(store.search(query, 8, where=where)) == reference(query, gallery, 8, mask)
        listed = store.rows(where)
        assert sorted(listed["key"]) == sorted(gallery.keys[i] for i in np.flatnonzero(mask))

    def test_places_left_over(self, store):
        store.add(people(3))
        hits = store.search(people(1, first=50), 5, camera_rule=False)
        assert hits.keys[0, 3:].tolist() == ["", ""] and hits.found[0].tolist() == [True] * 3 + [False] * 2
        assert hits.persons[0, 4] == -1 and hits.versions[0, 4] == "" and hits.scores[0, 4] == -np.inf
        assert len(hits.table()) == 3

    def test_an_empty_gallery(self, store):
        assert len(store) == 0 and store.rows().empty and store.report().vectors == 0
        with pytest.raises(ValueError, match="'old' is not registered"):
            store.search(people(1))
        store.register("old")
        assert not store.search(people(1), 4).found.any()

    def test_unknown_people_cameras_and_times(self, store):
        known = people(10)
        nobody = torch.full((10,), -3)
        store.add(Features(known.vectors, nobody, None, "old", known.keys))
        query = Features(known.vectors[:2], nobody[:2], torch.tensor([0, 1]), "old")
        hits = store.search(query, 3)  # nobody is not the same person as nobody
        assert hits.keys[:, 0].tolist() == ["0.png", "1.png"]
        assert (hits.persons == -1).all() and (hits.cams == -1).all() and np.isnan(hits.times).all()
        assert not store.search(query, 3, where={"until": 1e12}).found.any()

    def test_removing(self, mixed):
        store, gallery = mixed
        store.remove([f"{i}.png" for i in range(0, 60, 2)])
        left = gallery[np.arange(1, 60, 2)]
        query = people(6, "new", first=90)
        assert found(store.search(query, 30)) == reference(query, left, 30)
        assert len(store) == 30 and sorted(store.rows()["key"]) == sorted(left.keys)
        store.add(people(1, "old", seed=9))  # a key that was removed is free again
        assert len(store) == 31

    def test_fetch(self, mixed):
        store, gallery = mixed
        at = [30, 3, 59]
        got = store.fetch([gallery.keys[i] for i in at])
        assert torch.equal(got.vectors, gallery.vectors[at]) and torch.equal(got.ids, gallery.ids[at])
        assert got.model == "old+new" and got.keys == tuple(gallery.keys[i] for i in at)

    def test_report(self, mixed):
        store, gallery = mixed
        report = store.report()
        assert report.vectors == len(store) == 60 and report.dim == DIM
        assert report.versions == {"old": 40, "new": 20}
        assert report.cameras == {c: int((gallery.cams == c).sum()) for c in range(3)}
        assert "old 40, new 20" in str(report) and report.bytes > 60 * DIM * 4
        store.save()
        assert store.report().vectors == 60

    def test_versions_are_declared_with_evidence(self, mixed):
        store, _ = mixed
        assert list(store.versions) == ["old", "new"]
        assert store.versions["new"].compatible_with == {"old": GOOD} and not store.versions["old"].compatible_with
        store.register("new", {"old": GOOD})  # again
        with pytest.raises(ValueError, match="'new' is registered with another declaration"):
            store.register("new")
        with pytest.raises(ValueError, match="compatible with 'older', which is not registered"):
            store.register("newer", {"older": GOOD})
        bad = Evidence(0.2, 0.3, "2026-11-02")
        with pytest.raises(ValueError, match=r"'newer' on vectors of 'old' scores 0.200.*force=True"):
            store.register("newer", {"old": bad})
        store.register("newer", {"old": bad}, force=True)
        assert not store.versions["newer"].compatible_with["old"].holds

    def test_only_what_is_declared_is_compared(self, mixed):
        store, _ = mixed
        with pytest.raises(ValueError, match="version 'old' are not declared compatible with the vectors of 'new'"):
            store.search(people(2, "old"))
        with pytest.raises(ValueError, match="'strange' is not registered"):
            store.search(people(2, "strange"))
        with pytest.raises(ValueError, match="'strange' is not registered"):
            store.search(people(2, "new"), where={"version": "strange"})
        assert store.search(people(2, "old"), where={"version": "old"}).found.all()
        store.backfill(people(40, "new", first=20))
        assert store.search(people(2, "new")).found.all()

    @pytest.mark.parametrize("act", ["add", "backfill"])
    def test_what_cannot_be_stored_changes_nothing(self, mixed, act):
        store, _ = mixed
        first = 55 if act == "backfill" else 60
        good = people(8, "new", first=first)
        before = store.search(people(5, "new"), 60).keys.tolist(), len(store)
        wrong = {
            "'strange' is not registered": people(3, "strange", first=first),
            "Features.model is empty": Features(good.vectors, good.ids, good.cams, "", good.keys),
            f"8 dimensions, the gallery has {DIM}": good.fit(8),
            "needs the name of each image": Features(good.vectors, good.ids, good.cams, "new"),
            "'59.png' occurs twice": Features(good.vectors[:2], good.ids[:2], None, "new", ["59.png", "59.png"]),
        }
        key = "'55.png' is in the gallery already" if act == "add" else "'60.png' is not in the gallery"
        wrong[key] = people(10, "new", first=55)
        if act == "backfill":
            wrong["'55.png' has person 6 in the gallery and 0"] = Features(
                good.vectors[:2], [0, 0], None, "new", good.keys[:2]
            )
        broken = people(3, "new", first=first)
        broken.vectors[1, 2] = float("nan")
        wrong["row 1 of the vectors holds NaN"] = broken
        for message, features in wrong.items():
            with pytest.raises(ValueError, match=message):
                getattr(store, act)(features)
        assert (store.search(people(5, "new"), 60).keys.tolist(), len(store)) == before

    def test_other_mistakes(self, mixed):
        store, _ = mixed
        query = people(2, "new")
        with pytest.raises(ValueError, match=r"'77.png' is not in the gallery"):
            store.remove(["3.png", "77.png"])
        with pytest.raises(ValueError, match=r"'3.png' occurs twice"):
            store.remove(["3.png", "3.png"])
        with pytest.raises(ValueError, match="not the single text"):
            store.remove("3.png")
        with pytest.raises(ValueError, match=r"'77.png' is not in the gallery"):
            store.fetch(["77.png"])
        with pytest.raises(ValueError, match="k must be at least 1"):
            store.search(query, 0)
        with pytest.raises(ValueError, match="where knows no 'cam'"):
            store.search(query, where={"cam": 3})
        with pytest.raises(ValueError, match="camera holds '3'"):
            store.search(query, where={"camera": "3"})
        with pytest.raises(ValueError, match="before until"):
            store.search(query, where={"since": 3, "until": 3})
        with pytest.raises(ValueError, match="time has 2 entries for 3"):
            store.add(people(3, "new", first=70), time=[1, 2])
        with pytest.raises(ValueError, match="8 dimensions"):
            store.search(query.fit(8))
        assert len(store) == 60
