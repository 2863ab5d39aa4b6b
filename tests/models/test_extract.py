"""From a model and a data set to stored vectors."""

import numpy as np
import pytest
import torch
from small_model import seasoned_model
from stranger import OLD_WIDTH, strange_upgrade

from rbcl_lite.data.dataset import ReIDDataset
from rbcl_lite.models.extract import embedding_dim, extract


@pytest.fixture
def model():
    return seasoned_model()


def test_extract_is_independent_of_the_batch_size(model, toy):
    data = toy(people=7, images=5)
    whole = extract(model, data, tag="old")
    assert len(whole) == 35 and whole.model == "old" and whole.keys == data.keys
    assert whole.ids.tolist() == data.ids.tolist() and whole.cams.tolist() == data.cams.tolist()
    for batch in (1, 4, 35):
        assert torch.allclose(extract(model, data, batch=batch).vectors, whole.vectors, atol=1e-6)
    assert extract(model, toy(people=2).subset([0, 1])).vectors.shape == (2, 16)


def test_extract_shows_the_images_as_they_are(model, toy):
    """Trap: stored vectors of randomly flipped images, made with the transform of the training."""
    data = toy()
    with torch.no_grad():
        plain = model.eval()(torch.from_numpy(data.images).permute(0, 3, 1, 2)).embedding
    expected = torch.nn.functional.normalize(plain, dim=1)
    assert torch.allclose(extract(model.train(), data).vectors, expected, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_extract_leaves_the_model_as_it_was(model, toy, training):
    model.train(training)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    vectors = extract(model, toy()).vectors
    assert model.training is training and not vectors.requires_grad
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())


def test_extract_reads_memory_maps_without_a_warning(model, toy, tmp_path, recwarn):
    data = toy()
    np.save(tmp_path / "x.npy", data.images)
    mapped = ReIDDataset(np.load(tmp_path / "x.npy", mmap_mode="r"), data.ids, None, data.keys, "mapped")
    f = extract(model, mapped)
    assert torch.equal(f.vectors, extract(model, data).vectors) and f.cams is None
    assert not recwarn.list


def test_extract_of_nothing(model, toy):
    with pytest.raises(ValueError, match="toy holds no images"):
        extract(model, toy().subset([]))


@pytest.mark.gpu
def test_extract_on_cuda_brings_vectors_and_model_back(model, toy):
    data = toy()
    on_gpu = extract(model, data, device="cuda").vectors
    assert on_gpu.device.type == "cpu" and next(model.parameters()).device.type == "cpu"
    assert torch.allclose(on_gpu, extract(model, data).vectors, atol=1e-3)


def test_extract_of_a_stranger_and_its_width():
    upgrade = strange_upgrade()
    found = extract(upgrade.model.train(), upgrade.train, tag="stranger", batch=7)
    expected = torch.nn.functional.normalize(upgrade.model.map(upgrade.train.features.vectors))
    torch.testing.assert_close(found.vectors, expected.detach())
    assert found.keys == upgrade.old.keys and torch.equal(found.ids, upgrade.old.ids) and found.model == "stranger"
    assert embedding_dim(upgrade.model, upgrade.train) == OLD_WIDTH and upgrade.model.training


def test_the_width_is_read_without_a_trace(model, toy):
    before = {k: v.clone() for k, v in model.train().state_dict().items()}
    assert embedding_dim(model, toy()) == 16 and model.training
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
