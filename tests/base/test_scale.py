"""The switch of the amount of work."""

import pytest
import torch

from rbcl_lite.base.scale import SCALES, scale
from rbcl_lite.data.world import check_size
from rbcl_lite.models.backbones import BACKBONES


def test_environment_chooses(monkeypatch):
    monkeypatch.setenv("RBCL_SCALE", "smoke")
    assert scale().name == "smoke"
    assert scale("laptop").name == "laptop"  # an argument goes first


@pytest.mark.parametrize(("cuda", "name"), [(True, "gpu"), (False, "laptop")])
def test_default_follows_the_device(monkeypatch, cuda, name):
    monkeypatch.delenv("RBCL_SCALE", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    assert scale().name == name


def test_unknown_name(monkeypatch):
    monkeypatch.setenv("RBCL_SCALE", "huge")
    with pytest.raises(ValueError, match=r"'huge'.*smoke, laptop, gpu, large, crowd"):
        scale()


@pytest.mark.parametrize("name", SCALES)
def test_scales_can_be_carried_out(name):
    s = SCALES[name]
    assert s.name == name and check_size(s.size) == s.size and check_size(s.old_size) == s.old_size
    assert s.lr > 0 and 0 <= s.erase <= 1 and 0 <= s.label_smoothing < 1
    assert s.old_backbone in BACKBONES and s.new_backbone in BACKBONES
    people, images = s.batch
    assert people <= s.people // 4 or name == "smoke"  # the old model sees a quarter of the people in one setting
    assert images <= 6 * s.views and min(s.validation_people, s.test_people) >= 2
