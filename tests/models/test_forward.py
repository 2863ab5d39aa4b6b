"""A batch in chunks: outputs, gradients and statistics, and what is kept for the backward pass."""

from dataclasses import replace

import pytest
import torch
from small_model import images
from stranger import strange_upgrade
from torch import nn
from torch.autograd.graph import saved_tensors_hooks

from rbcl_lite.base.processes import Processes
from rbcl_lite.learners.ecn import ECN
from rbcl_lite.learners.supervised import Supervised
from rbcl_lite.methods import METHODS
from rbcl_lite.models.embedder import Embedder, EmbedderConfig
from rbcl_lite.models.forward import Forward
from rbcl_lite.models.outputs import Outputs
from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig


class Dropping(nn.Module):
    """No batch norm, no classifier, random numbers in the forward pass."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(6, 50), nn.ReLU(), nn.Dropout(0.5), nn.Linear(50, 4))

    def forward(self, x):
        y = self.layers(x)
        return Outputs(y, 2 * y)


def gradients(model, inputs, chunk):
    """Outputs and gradients of a loss that looks across the batch."""
    model.zero_grad()
    torch.manual_seed(5)
    outputs = Forward(chunk=chunk)(model, inputs)
    (outputs.embedding @ outputs.feature.T).softmax(1).diagonal().log().mean().backward()
    return outputs, [p.grad.clone() for p in model.parameters()]


@pytest.mark.parametrize("chunk", [2, 3, 5, 7, 8, 100])
def test_chunks_give_the_outputs_and_gradients_of_the_whole(chunk):
    model, inputs = Dropping().eval(), torch.randn(7, 6, generator=torch.Generator().manual_seed(1))
    whole, wanted = gradients(model, inputs, None)
    outputs, found = gradients(model, inputs, chunk)
    assert torch.allclose(outputs.embedding, whole.embedding, atol=1e-6) and outputs.logits is None
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, wanted))


def test_the_second_pass_draws_what_the_first_drew():
    model, inputs = Dropping().train(), torch.randn(8, 6)
    outputs, found = gradients(model, inputs, 4)
    torch.manual_seed(5)
    parts = [model(piece) for piece in inputs.split(4)]
    feature = torch.cat([p.feature for p in parts])
    assert torch.equal(feature, outputs.feature)
    model.zero_grad()
    (2 * feature @ feature.T).softmax(1).diagonal().log().mean().backward()
    assert all(torch.allclose(a, p.grad, atol=1e-6) for a, p in zip(found, model.parameters()))


@pytest.mark.parametrize("method", ["rbcl", "mixbct", "l2"])
def test_a_training_in_chunks_ends_in_the_same_weights(method):
    models = []
    for chunk in (None, 5):
        upgrade = strange_upgrade()
        config = TrainConfig(epochs=4, lr=1e-3, chunk=chunk)
        history = train(upgrade, Supervised(steps=5), METHODS[method](), config)
        models.append((upgrade.model.state_dict(), history.loss.tolist()))
    assert models[0][1] == pytest.approx(models[1][1], abs=1e-5)
    assert all(torch.allclose(v, models[1][0][k], atol=1e-5) for k, v in models[0][0].items())


def test_the_labelled_branch_passes_in_chunks_too():
    seen, upgrade = [], strange_upgrade(labelled=True)
    upgrade.model.register_forward_hook(lambda model, args, outputs: seen.append((model.training, len(args[0]))))
    learner = ECN(camera=False, warmup=0.0, min_samples=2, k1=5, k2=2)
    train(upgrade, learner, METHODS["l2"](), TrainConfig(epochs=1, chunk=6))
    assert {n for training, n in seen if training} == {6}


def test_batch_norm_counts_a_chunk_once():
    """Trap: the second pass moves the running statistics again."""
    torch.manual_seed(0)
    model = Embedder(EmbedderConfig("tiny", 8, 3)).train()
    other = Embedder(model.config).train()
    other.load_state_dict(model.state_dict())
    batch = images(8)
    Forward(chunk=4)(model, batch).logits.square().mean().backward()
    for piece in batch.split(4):
        other(piece)
    for name in ("running_mean", "running_var"):
        assert torch.equal(getattr(model.neck, name), getattr(other.neck, name))
    assert model.neck.momentum == 0.1


def kept(model, inputs, chunk):
    """Bytes that the forward pass keeps for the backward pass."""
    sizes = []
    with saved_tensors_hooks(lambda x: (sizes.append(x.numel() * x.element_size()), x)[1], lambda x: x):
        Forward(chunk=chunk)(model, inputs)
    return sum(sizes)


def test_chunks_keep_little_for_the_backward_pass():
    model, inputs = Embedder(EmbedderConfig("tiny", 8, 3)).train(), images(32)
    assert kept(model, inputs, 8) == inputs.nbytes < 0.1 * kept(model, inputs, None)


def test_a_batch_that_cannot_be_split():
    with pytest.raises(ValueError, match="a batch of 5 cannot be split between 3 processes: each needs 2 images"):
        Forward(Processes(1, 3))(Dropping(), torch.randn(5, 6))
    for chunk in (0, 1, -3):
        with pytest.raises(ValueError, match=f"chunk is a number of images .* at least 2, got {chunk}"):
            replace(TrainConfig(), chunk=chunk)
