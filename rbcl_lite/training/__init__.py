"""Training: the loop over (learner, method), and what it is made of."""

from rbcl_lite.training.loop import train
from rbcl_lite.training.schedule import TrainConfig

__all__ = ["TrainConfig", "train"]
