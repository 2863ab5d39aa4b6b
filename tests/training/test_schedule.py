"""The learning rate at each step, and the options of a training."""

import numpy as np
import pytest

from rbcl_lite.training.schedule import TrainConfig, learning_rate


@pytest.mark.parametrize("schedule", ["onecycle", "multistep"])
def test_schedules(schedule):
    lr = [learning_rate(TrainConfig(lr=2.0, schedule=schedule), d) for d in np.linspace(0, 1, 1001)]
    top = int(np.argmax(lr))
    assert max(lr) == pytest.approx(2.0) and min(lr) >= 0
    assert 0 < lr[0] < 0.1 and (np.diff(lr[: top + 1]) > 0).all()  # warm-up
    assert (np.diff(lr[top:]) <= 0).all()
    if schedule == "onecycle":
        assert top == 200 and lr[-1] == pytest.approx(0) and lr[600] == pytest.approx(1.0)
    else:
        assert top < 150 and lr[449] == 2.0
        assert (
            lr[451] == pytest.approx(0.2) and lr[699] == pytest.approx(0.2) and lr[701:] == [pytest.approx(0.02)] * 300
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schedule": "cosine"}, "'cosine': choose onecycle or multistep"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"epochs": -1}, "epochs must be at least 1, got -1"),
        ({"lr": 0.0}, "must be above 0, got 0.0"),
        ({"lr": -1.0}, "must be above 0, got -1.0"),
        ({"lr": float("inf")}, "must be above 0, got inf"),
        ({"lr": float("nan")}, "must be above 0, got nan"),
    ],
)
def test_bad_configuration(change, message):
    with pytest.raises(ValueError, match=message):
        TrainConfig(**change)
