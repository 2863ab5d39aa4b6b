"""Backward-compatible training for person re-identification: the package behind the book New Model,
Old Gallery.

=================  ====================================================================================
features           :class:`Features`, the one record that everything downstream of a model takes and gives
losses, metrics    tensors in, scalar out; mAP, CMC, cross-test, compatibility
memory, agents     exemplar and cluster memories; neighbours in the old space; clustering beside them
data, models       drawn pedestrians, folders of crops, batches; networks and extraction
protocol           the two axes of a training: learners (own supervision) and methods (compatibility)
learners, methods  one file for each published one
training, runs     one loop for all of them; trained models on disk, made once and loaded afterwards
experiments        settings, sweeps, tables, verdicts; the measured numbers lie in results
gallery            vectors with the version of the model that made each, upgraded while they are searched
plots, commands    every figure of the book; the command line ``rbcl-lite``
=================  ====================================================================================
"""

from importlib.metadata import PackageNotFoundError, version

from rbcl_lite.features import Features

try:
    __version__ = version("rbcl-lite")
except PackageNotFoundError:  # used from a source tree that was not installed
    __version__ = "0+unknown"

__all__ = ["Features", "__version__"]
