"""How long each notebook took where the book was made, read from the executed copies: below its title, and as a table.

The table is the directive ``{run-times}``. Models that a chapter loads were trained before; what they took is said
beside it, and for a graphics card an estimate from the steps that ``gpu-report`` measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from newmodel._written import Written
from rbcl_lite.base.scale import SCALES
from rbcl_lite.experiments.gpu.report import report_age
from rbcl_lite.experiments.gpu.step_times import new_steps

CARD = "gpu"  # the scale that notebooks choose where CUDA is found


def spoken(seconds: float) -> str:
    """A time as a reader says it.

    >>> spoken(4.2), spoken(95)
    ('4 s', '1 min 35 s')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def title(notebook: dict) -> str:
    """The first heading of a notebook."""
    for cell in notebook["cells"]:
        for line in "".join(cell["source"]).splitlines():
            if cell["cell_type"] == "markdown" and line.startswith("# "):
                return line[2:].strip()
    return "untitled"


def trained(record: dict[str, Any]) -> float:
    """Seconds that the trainings took which a notebook loaded."""
    return sum(run["seconds"] for run in record["loaded"])


def on_card(loaded: Iterable[dict[str, Any]], report: dict[str, Any]) -> float:
    """Seconds of the same trainings at scale ``gpu``, estimated: their steps, times what a step was measured to take.

    An old model is smaller and sees a quarter of the people; its steps count as long as the independent model's. A
    learner without labels takes what it takes without a method.

    >>> steps = [{"scale": "gpu", "learner": "supervised", "method": "bct", "ms": 12.0}]
    >>> steps += [{"scale": "gpu", "learner": "supervised", "method": "independent", "ms": 8.0}]
    >>> run = {"learner": "supervised", "method": "bct", "new": True}
    >>> old = run | {"method": "independent", "new": False}
    >>> on_card([run], {"steps": steps}), on_card([run, old], {"steps": steps})
    (72.0, 87.0)
    """
    at = SCALES[CARD]
    ms = {(row["learner"], row["method"]): row["ms"] for row in report["steps"] if row["scale"] == CARD}
    steps = {True: new_steps(at), False: new_steps(at) * at.old_epochs / at.epochs / 4}
    total = 0.0
    for run in loaded:
        step = ms.get((run["learner"], run["method"])) or ms[run["learner"], "independent"]
        total += 1e-3 * step * steps[run["new"]]
    return total


def waited(record: dict[str, Any]) -> str:
    """What stands below a chapter's title.

    >>> record = {"seconds": 95.2, "scale": "laptop", "machine": "Linux x86_64, 2 cores", "date": "2025-03-01"}
    >>> print(waited(record | {"loaded": []}))
    Its cells took 1 min 35 s at scale laptop on Linux x86_64, 2 cores, measured on 2025-03-01.
    >>> print(waited(record | {"loaded": [{"seconds": 60.0}, {"seconds": 80.0}]}).partition(". ")[2])
    It loads 2 models; where they are not there yet, training them took 2 min 20 s more.
    """
    measured = f", measured on {record['date']}" if "date" in record else ""
    text = f"Its cells took {spoken(record['seconds'])} at scale {record['scale']} on {record['machine']}{measured}."
    count = len(record["loaded"])
    if not count:
        return text
    models, they, them = ("a model", "it is", "it") if count == 1 else (f"{count} models", "they are", "them")
    return f"{text} It loads {models}; where {they} not there yet, training {them} took {spoken(trained(record))} more."


def below_title(app: Sphinx, doctree: nodes.document) -> None:
    """Say below the title of an executed notebook how long it took; a copy that was not executed says nothing."""
    path = Path(app.env.doc2path(app.env.docname))
    heading = doctree.next_node(nodes.title)
    if path.suffix != ".ipynb" or heading is None:
        return
    record = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("rbcl")
    if record is not None:
        line = nodes.paragraph("", waited(record), classes=["run-time"])
        heading.parent.insert(heading.parent.index(heading) + 1, line)


class RunTimes(Written):
    """A table of the chapters: what their cells took, and the trainings that they load."""

    def lines(self) -> list[str]:
        """A row for each executed copy, and where it was measured."""
        report = self.read(Path(self.config.rbcl_results) / "gpu-report.json")
        machines, dates, total, rows = set(), set(), 0.0, []
        for path in sorted((Path(self.env.srcdir) / "notebooks").glob("*.ipynb")):
            notebook = self.read(path)
            record = notebook["metadata"].get("rbcl")
            if record is None:
                continue
            total += record["seconds"]
            dates |= {record["date"]} if "date" in record else set()
            machines.add(f"scale `{record['scale']}` on {record['machine']}")
            before = [f"{len(record['loaded'])}", spoken(trained(record)), spoken(on_card(record["loaded"], report))]
            cells = [spoken(record["seconds"]), *(before if record["loaded"] else ["–"] * 3)]
            rows.append(f"| [{title(notebook)}](/notebooks/{path.name}) | {' | '.join(cells)} |")
        card = f"on one {report['device']['name']}, estimated"
        head = ["chapter", "its cells", "models it loads", "their training", f"the same at scale `{CARD}` {card}"]
        when = f", {' to '.join(sorted({min(dates), max(dates)}))}" if dates else ""
        return [
            f"| {' | '.join(head)} |",
            "|" + " --- |" * len(head),
            *rows,
            f"| all | {spoken(total)} | | | |",
            "",
            f"Measured at {'; '.join(sorted(machines))}{when}, two notebooks at a time, one thread each. The last "
            "column is arithmetic: the steps of each training times the milliseconds of a step that `rbcl-lite "
            f"experiment gpu-report` found, {report_age(report)}; drawing the images, and the cells, come on top.",
        ]


def setup(app: Sphinx) -> None:
    """Register the directive, and connect to the reading of pages."""
    app.connect("doctree-read", below_title)
    app.add_directive("run-times", RunTimes)
