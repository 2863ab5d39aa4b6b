"""P x K batches."""

from collections import Counter

import numpy as np
import pytest

from rbcl_lite.data.sampling import IdentitySampler

SIZES = {0: 5, 1: 4, 2: 9, 3: 1, 4: 2, 5: 6, 6: 3}  # images of each of 7 people
LABELS = np.random.default_rng(0).permutation(np.repeat(list(SIZES), list(SIZES.values())))


def test_batches_have_p_people_with_k_images():
    s = IdentitySampler(LABELS, people=3, images=4, seed=1)
    for batch in s.epoch(0):
        assert sorted(Counter(LABELS[batch].tolist()).values()) == [4, 4, 4]
        assert len({*LABELS[batch[:4]]}) == 1  # a person's images stand together


@pytest.mark.parametrize(("people", "images", "length"), [(3, 4, 2), (2, 2, 8), (7, 5, 1), (4, 50, 1)])
def test_length(people, images, length):
    s = IdentitySampler(LABELS, people, images)
    assert len(s) == len(list(s.epoch(0))) == length  # round(30 / (P K)), at least 1


@pytest.mark.parametrize("people", [2, 3, 4, 5, 6, 7])
def test_nobody_twice_before_everybody_once(people):
    labels = np.repeat(np.arange(7), 40)
    for seed in range(5):
        batches = IdentitySampler(labels, people, 2, seed=seed).epoch(0)
        drawn = [int(c) for b in batches for c in labels[b[::2]]]
        counts = Counter({c: 0 for c in range(7)})
        for c in drawn:
            counts[c] += 1
            assert max(counts.values()) - min(counts.values()) <= 1


def test_a_first_round_holds_everybody_once():
    labels = np.repeat(np.arange(10), 4)
    drawn = np.concatenate([labels[b[::4]] for b in IdentitySampler(labels, 5, 4, seed=3).epoch(0)])
    assert sorted(drawn.tolist()) == list(range(10))


def test_images_are_different_where_there_are_enough():
    for batch in IdentitySampler(LABELS, 7, 4, seed=2).epoch(0):
        for c, places in zip(LABELS[batch[::4]], batch.reshape(7, 4)):
            assert len(set(places.tolist())) == min(4, SIZES[int(c)])  # a small person gives all images, some twice


def test_order_is_a_function_of_seed_and_epoch():
    def epoch(seed, number, s=None):
        return np.concatenate(list((s or IdentitySampler(LABELS, 3, 2, seed=seed)).epoch(number))).tolist()

    s = IdentitySampler(LABELS, 3, 2, seed=5)
    first = epoch(5, 0, s)
    assert epoch(5, 1, s) != first
    assert epoch(5, 0, s) == first == epoch(5, 0)  # whatever was drawn before
    assert epoch(6, 0) != first


def test_unlabelled_images_are_never_drawn():
    labels = np.where(np.arange(30) % 3 == 0, -1, LABELS)
    drawn = np.concatenate(list(IdentitySampler(labels, 2, 3).epoch(0)))
    assert (labels[drawn] >= 0).all()


@pytest.mark.parametrize(
    ("people", "images", "message"),
    [(1, 4, "at least 2 people with 2 images each, got 1 x 4"), (4, 1, "got 4 x 1"), (8, 2, "7 people cannot fill")],
)
def test_errors(people, images, message):
    with pytest.raises(ValueError, match=message):
        IdentitySampler(LABELS, people, images)


def test_only_outliers():
    with pytest.raises(ValueError, match="0 people cannot fill a batch of 2"):
        IdentitySampler(np.full(9, -1), 2, 2)
