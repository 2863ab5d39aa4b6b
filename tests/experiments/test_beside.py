"""The reader is told whether a live number may be compared with a stored one."""

import re

from rbcl_lite.experiments.beside import beside
from rbcl_lite.experiments.jobs import Job
from rbcl_lite.experiments.settings import independent

RESULT = {"setting": "more-identities", "scale": "laptop", "runs": []}


def test_another_scale_is_another_model() -> None:
    said = beside(independent("more-identities", scale_name="smoke"), RESULT, "smoke")
    assert "scale smoke" in said and "scale laptop" in said and "must not be compared" in said


def test_the_same_run_and_newer_code() -> None:
    config = independent("more-identities", seed=3, scale_name="laptop")
    said = beside(config, RESULT, "laptop")
    assert "seed 3" in said and "newer code" in said
    job = Job("more-identities", "independent", 0.0, 3, "laptop")
    known = {**RESULT, "runs": [{"run": job.key()}]}  # as a sweep writes it
    said = beside(config, known, "laptop")
    assert "by the same code" in said and re.search(r"differ by up to \d\.\d points of new/old", said)
