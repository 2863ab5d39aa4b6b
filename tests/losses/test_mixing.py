import math

import pytest
import torch
from reference_losses import LABELS, vectors

from rbcl_lite.losses.identity import arcface_loss
from rbcl_lite.losses.mixing import credible_samples, mix_features


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("ratio", [0.0, 0.05, 0.3, 0.5, 1.0])
def test_replaces_a_fixed_count_of_whole_rows(ratio):
    new, old = 7 * vectors(), 3 * vectors(seed=1)
    mixed, replaced = mix_features(new, old, ratio=ratio, generator=seeded())
    assert replaced.sum() == math.floor(ratio * 11)
    torch.testing.assert_close(mixed[replaced], (old / old.norm(dim=1, keepdim=True))[replaced])
    assert torch.equal(mixed[~replaced], new[~replaced])  # not normalised, not interpolated


def test_the_count_is_not_lost_to_rounding():
    _, replaced = mix_features(torch.zeros(100, 2), torch.ones(100, 2), ratio=0.29)
    assert replaced.sum() == 29  # 0.29 * 100 is 28.999999999999996


def test_only_credible_rows_are_replaced_and_the_count_is_of_the_whole_batch():
    credible = torch.tensor([True, False] * 5 + [True])
    for seed in range(20):
        _, replaced = mix_features(vectors(), vectors(), ratio=0.5, credible=credible, generator=seeded(seed))
        assert replaced.sum() == 5 and not (replaced & ~credible).any()
    _, replaced = mix_features(vectors(), vectors(), ratio=0.9, credible=credible)
    assert torch.equal(replaced, credible)  # fewer than floor(0.9 * 11) are there
    assert not mix_features(vectors(), vectors(), credible=torch.zeros(11, dtype=torch.bool))[1].any()


def test_the_generator_decides():
    first, again, other = (mix_features(vectors(), vectors(), generator=seeded(s))[1] for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)


def test_replaced_rows_give_no_gradient_and_the_classifier_learns_from_all():
    new, old = vectors().requires_grad_(), vectors(seed=1).requires_grad_()
    weight = vectors(4, seed=2).requires_grad_()
    mixed, replaced = mix_features(new, old, ratio=0.5, generator=seeded())
    arcface_loss(mixed, weight, LABELS).backward()
    assert new.grad[replaced].norm() == 0 and (new.grad[~replaced].norm(dim=1) > 0).all() and old.grad is None
    (gradient,) = torch.autograd.grad(arcface_loss(mixed[replaced].detach(), weight, LABELS[replaced]), weight)
    assert gradient.norm() > 0
    assert torch.autograd.gradcheck(lambda x: mix_features(x, old, ratio=0.5, generator=seeded())[0], (new,))


def test_empty_batch_and_bf16():
    mixed, replaced = mix_features(vectors(0), vectors(0))
    assert mixed.shape == (0, 6) and replaced.shape == (0,)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed, _ = mix_features(vectors(dtype=torch.bfloat16), vectors(dtype=torch.float32))
    assert mixed.dtype == torch.float32 and torch.isfinite(mixed).all()


def credible_by_loop(old, labels, keep):
    rows = torch.stack([x / x.norm() for x in old])
    scaled = torch.stack([column / column.norm() for column in rows.t()], dim=1)
    kept = [False] * len(old)
    for label in set(labels.tolist()):
        members = [i for i in range(len(old)) if labels[i] == label]
        centre = scaled[members].mean(0)
        members.sort(key=lambda i: float((scaled[i] - centre).norm()))
        for i in members[: max(1, int(keep * len(members)))]:
            kept[i] = True
    return kept


@pytest.mark.parametrize("keep", [0.9, 0.5, 0.1, 1.0])
def test_credible_equals_the_loop_with_scattered_labels(keep):
    old, labels = vectors(60, seed=3), torch.randint(-4, 9, (60,), generator=seeded(1)) * 7
    assert credible_samples(old, labels, keep=keep).tolist() == credible_by_loop(old, labels, keep)


def test_small_classes_are_filtered_too():
    """ceil(0.9 n) = n for up to nine images: rounding up would never filter the classes that re-ID has."""
    for n in range(2, 10):
        assert credible_samples(vectors(n), torch.zeros(n, dtype=torch.long)).sum() == n - 1
    assert credible_samples(vectors(1), torch.tensor([4])).all()
    assert credible_samples(vectors(20), torch.zeros(20, dtype=torch.long)).sum() == 18


def test_columns_are_rescaled_over_the_whole_set():
    """One long coordinate would else decide alone which image is far."""
    old = torch.tensor([[10.0, 0.00], [10.0, 0.01], [10.0, 0.05], [9.0, 0.01]])
    labels = torch.zeros(4, dtype=torch.long)
    assert credible_samples(old, labels, keep=0.75).tolist() == [True, True, False, True]


def test_credible_of_nothing_and_of_bf16():
    assert credible_samples(vectors(0), torch.empty(0, dtype=torch.long)).shape == (0,)
    assert credible_samples(vectors(dtype=torch.bfloat16), LABELS).sum() == 3 + 2 + 2 + 1


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"ratio must lie between 0 and 1, got 1\.2"):
        mix_features(vectors(), vectors(), ratio=1.2)
    with pytest.raises(ValueError, match=r"credible must be bool \[11\]"):
        mix_features(vectors(), vectors(), credible=torch.ones(11))
    with pytest.raises(ValueError, match="11 rows and old has 10"):
        mix_features(vectors(), vectors(10))
    with pytest.raises(ValueError, match="keep is the share"):
        credible_samples(vectors(), LABELS, keep=0.0)
    with pytest.raises(ValueError, match="labels must be integers"):
        credible_samples(vectors(), LABELS[:4])
