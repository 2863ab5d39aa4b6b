"""Train what a configuration describes, or load it if that was done before."""

from __future__ import annotations

def run_or_load(config: RunConfig, *, progress: bool | None = None, folder: Path | None = None) -> Run:
    """Train what ``config`` describes, or load it if that was done before. An old run is made first.

    Args:
        config: the run.
        progress: see :func:`rbcl_lite.base.progress.bar`.
        folder: where runs are kept; ``runs`` in :func:`rbcl_lite.data.cache.cache_dir` by default.

    Returns:
        the run. Two processes that ask for the same one train it once: the second waits for the first.
    """
    root = folder or cache_dir() / "runs"
    target = root / config.key()
    target.mkdir(parents=True, exist_ok=True)
    with FileLock(root / f"{target.name}.lock"):
        if (target / "run.json").exists():
            about = json.loads((target / "run.json").read_text(encoding="utf-8"))
            return Run(target, config, True, float(about["seconds"]))
        old = run_or_load(config.old, progress=progress, folder=folder) if config.old and config.uses_old else None
        started = time.perf_counter()
        upgrade = make_upgrade(config, old, progress)
        learner = LEARNERS[config.learner](**config.learner_options)
        method = METHODS[config.method](weight=config.weight, **config.method_options)
        history = train(
            upgrade,
            learner,
            method,
            config.train,
            device=default_device(),
            state=target / "state.safetensors",
            progress=progress,
        )
        about = {
            "seed": config.train.seed,
            "seconds": round(time.perf_counter() - started, 1),
            "code": config.code(),
            **provenance(),
        }
        history.to_csv(target / "history.csv", index=False)
        classes = learner.classes(upgrade.train, upgrade.source)
        save_model(target, upgrade.model, {"classes": classes.tolist(), **about})
        write_json(target / "run.json", {"config": asdict(config), **about})  # last: its presence says "complete"
    return Run(target, config, False, float(about["seconds"]))
