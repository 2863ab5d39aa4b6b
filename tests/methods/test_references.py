from dataclasses import replace

import pytest
import torch
from toy import toy_batch, toy_upgrade

from rbcl_lite.features import Features
from rbcl_lite.losses import saturation, smooth_ap_loss
from rbcl_lite.methods import RBCL, SmoothAP, SupAP
from rbcl_lite.methods.references import References, Rows, ignored
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.protocol import Epoch


def rows(index, labels, cams):
    index = torch.tensor(index)
    return Rows(torch.zeros(len(index), 2), index, torch.tensor(labels), torch.tensor(cams))


def slow_ignored(query, reference, own, same_camera):
    out = torch.zeros(len(query.index), len(reference.index), dtype=torch.bool)
    for i, (qi, ql, qc) in enumerate(zip(query.index.tolist(), query.labels.tolist(), query.cams.tolist())):
        for j, (ri, rl, rc) in enumerate(
            zip(reference.index.tolist(), reference.labels.tolist(), reference.cams.tolist())
        ):
            if ql == -1 or rl == -1:
                out[i, j] = True
            elif qi == ri:
                out[i, j] = not own
            elif ql == rl and ri == -1:
                out[i, j] = True
            elif ql == rl and qc == rc != -1:
                out[i, j] = not same_camera
    return out


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("same_camera", [False, True])
def test_ignored_pairs(own, same_camera):
    g = torch.Generator().manual_seed(0)
    query = rows(
        list(range(12)),
        torch.randint(-1, 4, (12,), generator=g).tolist(),
        torch.randint(0, 2, (12,), generator=g).tolist(),
    )
    more = rows([20, 21, -1, -1], [0, 1, 2, 3], [0, 1, -1, -1])
    reference = Rows(*(torch.cat(p) for p in zip(vars(query).values(), vars(more).values())))
    expected = slow_ignored(query, reference, own, same_camera)
    assert torch.equal(ignored(query, reference, own=own, same_camera=same_camera), expected)


def test_unknown_cameras_leave_out_the_image_alone():
    query = rows([0, 1, 2], [5, 5, 6], [-1, -1, -1])
    assert torch.equal(ignored(query, query), torch.eye(3, dtype=torch.bool))


def build(upgrade, **options):
    references = References(**options)
    references.prepare(upgrade)
    references.update(torch.from_numpy(upgrade.train.labels))
    return references


def test_an_image_is_a_reference_once():
    upgrade = toy_upgrade()
    references = build(upgrade, agents=2)
    batch = toy_batch(upgrade, [3, 5, 3, 9])
    found = references(batch.index)
    assert len(found.index) == len(set(found.index.tolist()))
    expected = {3, 5, 9} | set(references.agents[[3, 5, 9]].flatten().tolist())
    assert set(found.index.tolist()) == expected
    assert torch.equal(found.vectors, upgrade.old.vectors[found.index])
    assert torch.equal(found.labels, torch.from_numpy(upgrade.train.labels)[found.index])
    assert torch.equal(found.cams, torch.from_numpy(upgrade.train.cams)[found.index])


@pytest.mark.parametrize("agents", [0, 3])
def test_on_a_gpu_repeated_references_keep_their_place_and_count_once(agents):
    upgrade = toy_upgrade()
    references = build(upgrade, agents=agents)
    labels = references.labels.clone()
    labels[::7] = -1  # these images have no agents
    references.update(labels)
    batch = toy_batch(upgrade, [*range(20), 3, 7])
    once, in_place = (
        references(batch.index),
        references._in_place(torch.cat([batch.index, references.agents[batch.index].flatten()])),
    )
    assert len(in_place.index) == 22 * (1 + agents) and (in_place.labels < 0).any()
    kept = in_place.labels >= 0
    named = once.labels >= 0
    for a, b in zip(vars(once).values(), vars(in_place).values()):
        assert torch.equal(a[named], b[kept])
    query = Rows(batch.pair[0], batch.index, labels[batch.index], references.cams[batch.index])
    losses = [
        smooth_ap_loss(query.vectors, r.vectors, query.labels, r.labels, ignore=ignored(query, r))
        for r in (once, in_place)
    ]
    torch.testing.assert_close(*losses)
    assert losses[0] > 0


def test_agents_are_the_nearest_other_people_of_the_whole_set():
    upgrade = toy_upgrade()
    references = build(upgrade, agents=3)
    cosine = upgrade.old.vectors @ upgrade.old.vectors.T
    labels = torch.from_numpy(upgrade.train.labels)
    cosine[labels[:, None] == labels] = -2
    assert torch.equal(references.agents.sort(1).values, cosine.topk(3).indices.sort(1).values)


def test_centres_join_with_their_label():
    upgrade = toy_upgrade()
    references = build(upgrade, agents=2, centers=True)
    batch = toy_batch(upgrade, [0, 1, 2, 3])
    found = references(batch.index)
    centres = found.index < 0
    assert 2 <= centres.sum() <= 8
    query = Rows(batch.pair[0], batch.index, batch.labels, references.cams[batch.index])
    positive = (query.labels[:, None] == found.labels) & ~ignored(query, found)
    assert not positive[:, centres].any()  # the centre of the own class holds the query's old vector


def test_labels_that_change_and_labels_that_lack():
    upgrade = toy_upgrade()
    references = build(upgrade, agents=2)
    first = references.agents
    references.update(torch.from_numpy(upgrade.train.labels))
    assert references.agents is first  # nothing new: not searched again
    labels = torch.from_numpy(upgrade.train.labels).clone()
    labels[labels > 1] = -1
    references.update(labels)
    assert (references.agents[labels < 0] == -1).all()
    assert (labels[references.agents[labels >= 0]] == 1 - labels[labels >= 0][:, None]).all()
    labels[:] = 0
    references.update(labels)  # one person: nobody to bring in
    assert references.agents.shape == (len(labels), 0)
    assert len(references(torch.tensor([1, 2])).index) == 2


def test_a_second_upgrade_gets_agents_of_its_own():
    first = toy_upgrade()
    second = replace(first, old=Features(first.old.vectors.flip(0), first.train.ids))
    references, labels = build(first, agents=2), torch.from_numpy(first.train.labels)
    before = references.agents.clone()
    references.prepare(second)
    references.update(labels)  # the same labels, in another old space
    assert torch.equal(references.agents, build(second, agents=2).agents)
    assert not torch.equal(references.agents, before)


def test_too_many_agents_are_cut_to_what_there_is():
    upgrade = toy_upgrade()
    assert build(upgrade, agents=10, centers=True).agents.shape[1] == upgrade.train.num_ids - 1
    with pytest.raises(ValueError, match="at least 0, got -1"):
        References(-1)


def compared(method, upgrade, index):
    labels = torch.from_numpy(upgrade.train.labels)
    method.prepare(upgrade, None)
    method.on_epoch(Epoch(0, 3), labels)
    return method.step(toy_batch(upgrade, index))


def slow_inputs(upgrade, index):
    """Distinct images as references; self and same-camera positives ignored."""
    batch = toy_batch(upgrade, index)
    distinct = sorted(set(index))
    labels, cams = torch.from_numpy(upgrade.train.labels), torch.from_numpy(upgrade.train.cams)
    ignore = torch.tensor(
        [[i == j or (labels[i] == labels[j] and cams[i] == cams[j]).item() for j in distinct] for i in index]
    )
    return (batch.pair[0], upgrade.old.vectors[distinct], batch.labels, labels[distinct]), ignore


def test_smooth_ap_ranks_like_the_evaluation():
    upgrade = toy_upgrade()
    index = [*range(18), 4, 4]
    inputs, ignore = slow_inputs(upgrade, index)
    method = SmoothAP(temperature=0.05)
    torch.testing.assert_close(
        compared(method, upgrade, index), smooth_ap_loss(*inputs, temperature=0.05, ignore=ignore)
    )
    assert method.observe()["saturation"] == pytest.approx(saturation(*inputs, temperature=0.05, ignore=ignore))
    positive = (inputs[2][:, None] == inputs[3]) & ~ignore
    assert method.observe()["ranked"] == pytest.approx(positive.any(1).float().mean().item())


def test_rbcl_without_its_parts_is_smooth_ap():
    upgrade = toy_upgrade()
    index = list(range(20))
    plain = compared(SmoothAP(), upgrade, index)
    torch.testing.assert_close(compared(RBCL(kind="none", agents=0), upgrade, index), plain)
    assert compared(RBCL(kind="none", agents=4), upgrade, index) > plain  # more negatives


def test_reactivation_in_a_ranking_that_is_right():
    upgrade = toy_upgrade()
    index = list(range(20))

    def compared(method, upgrade, index):  # the new model says what the old one says
        method.prepare(upgrade, None)
        method.on_epoch(Epoch(0, 3), torch.from_numpy(upgrade.train.labels))
        batch = toy_batch(upgrade, index)
        return method.step(replace(batch, outputs=Outputs(batch.old, batch.old, None)))

    plain = compared(SmoothAP(), upgrade, index)
    assert compared(RBCL(agents=0), upgrade, index) > plain  # constants only ever add
    assert compared(RBCL(agents=0, cap=1e-9), upgrade, index) == pytest.approx(plain.item())
    wake = RBCL(agents=0)
    compared(wake, upgrade, index)
    asleep = SmoothAP()
    compared(asleep, upgrade, index)
    assert asleep.observe()["saturation"] > 0.5
    assert wake.observe()["saturation"] < 0.2  # what is left has every negative far ahead: the other flat side


def test_own_and_same_camera_are_options():
    upgrade = toy_upgrade()
    index = list(range(20))
    counts = []
    for options in ({}, {"own": True}, {"same_camera": True}, {"own": True, "same_camera": True}):
        losses = {m: compared(m(**options), upgrade, index).item() for m in (SmoothAP, RBCL, SupAP)}
        counts.append(losses)
    for m in (SmoothAP, RBCL, SupAP):
        assert len({round(c[m], 6) for c in counts}) == 4


def test_without_cameras():
    upgrade = toy_upgrade(cams=False)
    assert upgrade.train.cams is None
    with_cameras = toy_upgrade()
    index = list(range(20))
    kept = compared(SmoothAP(same_camera=True), with_cameras, index)
    torch.testing.assert_close(compared(SmoothAP(), replace(upgrade, model=toy_upgrade().model), index), kept)


def test_bad_options():
    with pytest.raises(ValueError, match="kind must be one of"):
        RBCL(kind="softest")


@pytest.mark.parametrize("method", [SmoothAP, RBCL, SupAP])
def test_saturation_is_measured_at_every_tenth_step_alone(method):
    upgrade, made = toy_upgrade(), method()
    index = list(range(20))
    compared(made, upgrade, index)
    first = made.observe()
    assert set(first) == {"saturation", "ranked"}
    for step in range(1, 31):
        loss = made.step(toy_batch(upgrade, index, step=step))
        assert loss.isfinite() and set(made.observe()) == (set(first) if step % 10 == 0 else set())
    assert float(made.observe()["saturation"]) == pytest.approx(float(first["saturation"]))
