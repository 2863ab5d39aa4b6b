"""The interval of a mean is Student's: as scipy's own test of one sample says it."""

import numpy as np
import pytest
from scipy import stats

from rbcl_lite.metrics.interval import reach


@pytest.mark.parametrize("size", [2, 5, 30])
def test_it_is_the_interval_of_the_test_of_one_sample(size: int) -> None:
    values = np.random.default_rng(size).normal(3, 2, size)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    np.testing.assert_allclose([values.mean() - reach(values), values.mean() + reach(values)], [low, high])


def test_one_number_has_no_interval() -> None:
    with pytest.raises(ValueError, match="at least two differences, got 1"):
        reach([2.0])
