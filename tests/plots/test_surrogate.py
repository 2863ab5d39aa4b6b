"""Average precision of lists of scores, and the pictures that are made of it."""

import matplotlib.pyplot as plt
import pytest
import torch
from matplotlib.figure import Figure

from rbcl_lite.losses.list_ap import list_ap
from rbcl_lite.losses.ranking import smooth_ap_loss
from rbcl_lite.metrics import evaluate_distances
from rbcl_lite.plots.frames import stepper
from rbcl_lite.plots.mixing import gradient_rows
from rbcl_lite.plots.surrogate import place_or_order, surrogate_frame


@pytest.mark.parametrize("seed", range(4))
def test_exact_value_is_that_of_the_metric(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(11, generator=generator)
    positive = torch.arange(11) % 4 == 1
    metric = evaluate_distances(-scores[None], [7], torch.where(positive, 7, torch.arange(11) + 10)).mAP
    assert list_ap(scores, positive).item() == pytest.approx(metric, abs=1e-6)


def test_smooth_value_is_that_of_the_loss() -> None:
    angle = torch.tensor([0.1, 0.5, 0.7, 1.2], dtype=torch.float64)
    references = torch.stack([angle.cos(), angle.sin()], 1)
    query, ids = torch.tensor([[1.0, 0.0]], dtype=torch.float64), torch.tensor([1, 7, 2, 7])
    loss = smooth_ap_loss(query, references, torch.tensor([7]), ids, temperature=0.1)
    assert list_ap(angle.cos(), ids == 7, 0.1).item() == pytest.approx(1 - loss.item())


def test_many_lists_at_once() -> None:
    lists, positive = torch.randn(3, 6), torch.tensor([True, False, True, False, False, True])
    assert torch.allclose(list_ap(lists, positive, 0.2), torch.stack([list_ap(s, positive, 0.2) for s in lists]))


def test_stepper_embeds_every_frame_and_describes_it() -> None:
    def draw(i: int) -> Figure:
        return surrogate_frame((0.1, 0.01)[i], torch.tensor([0.9, 0.5, 0.2]), torch.tensor([False, True, True]), 2)

    before = plt.get_fignums()
    page = stepper(draw, ["one", "two"], ["first <frame>", "second"], name="temperature", start=1).data
    assert page.count("data:image/png;base64,") == 2 and "http" not in page and 'type="range"' in page
    assert 'alt="first &lt;frame&gt;"' in page and page.count("display:none") == 1
    assert plt.get_fignums() == before
    with pytest.raises(ValueError, match="2 labels, 1 alts"):
        stepper(draw, ["one", "two"], ["first"], name="x")


def test_gradient_rows_draws_a_bar_per_row() -> None:
    replaced = torch.tensor([False, True, False, False])
    gradient = torch.ones(4, 3).masked_fill(replaced[:, None], 0)
    figure = gradient_rows(gradient, replaced, torch.tensor([0, 0, 5, 5]), torch.ones(6, 3))
    assert [round(bar.get_width(), 3) for bar in figure.axes[1].patches] == [1.732, 0, 1.732, 1.732]
    assert len(figure.axes[2].patches) == 2
    plt.close(figure)


def test_places_and_orders_are_drawn() -> None:
    figure = place_or_order(torch.arange(3), {"imitation": [1, 2, 3], "ranking": [0, 0, 1]}, {0: True, 30: False})
    assert isinstance(figure, Figure) and len(figure.axes[0].get_lines()) == 4
    plt.close(figure)
