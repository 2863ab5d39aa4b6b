"""The labelled branch: statistics of batch norm, and what it needs."""

import torch

from rbcl_lite.learners.labelled import frozen_statistics
from rbcl_lite.models.embedder import Embedder, EmbedderConfig


def test_no_batch_norm_escapes_the_freeze():
    """Trap: layers chosen by "bn" in their name leave out ``downsample.1`` of a ResNet, whose statistics then move."""
    torch.manual_seed(0)
    model = Embedder(EmbedderConfig("resnet18", dim=8)).train()
    images = torch.randint(0, 256, (2, 3, 32, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    for update in (False, True):
        before = {k: v.clone() for k, v in model.state_dict().items() if "running" in k}
        assert any("downsample.1" in k for k in before) and "neck.running_mean" in before
        with torch.no_grad(), frozen_statistics(model, update):
            model(images)
        after = model.state_dict()
        assert all(torch.equal(after[k], v) != update for k, v in before.items())
