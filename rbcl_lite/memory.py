"""Memories of vectors that are compared with in every step and written after it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from rbcl_lite.base.tensors import check_labels, check_matrix, full_precision


def _occurrence(index: Tensor) -> Tensor:
    """How often the value of each entry stands before it: [7, 3, 7] -> [0, 0, 1]."""
    order = index.argsort(stable=True)
    _, counts = index[order].unique_consecutive(return_counts=True)
    starts = (counts.cumsum(0) - counts).repeat_interleave(counts)
    occurrence = torch.empty_like(order)
    occurrence[order] = torch.arange(len(index), device=index.device) - starts
    return occurrence


class _Memory(nn.Module):
    """Rows of unit vectors with a temperature: scores against all rows, and running means of single
    rows.
    """

    keys: Tensor  # [N, D]

    def __init__(self, keys: Tensor, temperature: float) -> None:
        super().__init__()
        if temperature <= 0:
            raise ValueError(f"temperature must be positive, got {temperature}")
        self.temperature = temperature
        self.register_buffer("keys", keys)

    @full_precision
    def logits(self, features: Tensor) -> Tensor:
        """Scores ``features @ keys.T / temperature`` [B, N] of features [B, D]; the keys get no
        gradient.

        Features are taken as they are: give unit vectors, or what the method makes of them (ECN
        applies dropout after normalising, so that its scores are not cosines).
        """
        check_matrix("features", features, self.keys.shape[1])
        return (features.to(self.keys.dtype) / self.temperature) @ self.keys.t()  # scales [B, D], not [B, N]

    @torch.no_grad()
    def _write(self, features: Tensor, index: Tensor, momentum: float) -> None:
        check_matrix("features", features, self.keys.shape[1])
        check_labels("index", index, len(features), len(self.keys))
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum is the weight of the old value, between 0 and 1, got {momentum}")
        index, features = index.long(), features.to(self.keys.dtype)
        occurrence = _occurrence(index)
        # All first occurrences at once, then all second ones, ...: the same as one row after the other.
        for turn in range(int(occurrence.max()) + 1 if len(index) else 0):
            now = occurrence == turn
            rows = index[now]
            self.keys[rows] = F.normalize(momentum * self.keys[rows] + (1 - momentum) * features[now], dim=1)


class ExemplarMemory(_Memory):
    r"""One key per image of the unlabelled domain (Zhong et al. 2019).

    .. math:: p(j \mid x) = \mathrm{softmax}_j\big(K_j^\top f(x) / \beta\big), \qquad
              K_i \leftarrow \frac{\alpha K_i + (1 - \alpha) f(x_i)}{\lVert \alpha K_i + (1 - \alpha) f(x_i) \rVert}

    The keys start at zero, as in the official code, so that the loss gives no gradient before they
    are filled. They are a buffer: saved and loaded with the run, never touched by an optimiser.
    :math:`\alpha` is the weight of the *old* value; the authors let it grow as 0.01 * epoch, epochs
    counted from 0, which ends at 0.59.

    Args:
        size: number of images N.
        dim: dimension D of the vectors.
        temperature: :math:`\beta`.

    Raises:
        ValueError: a size, dimension or temperature that is not positive.

    >>> memory = ExemplarMemory(3, 2)
    >>> memory.update(torch.tensor([[0.6, 0.8]]), torch.tensor([1]), momentum=0.0)
    >>> memory.logits(torch.tensor([[0.6, 0.8]]))
    tensor([[ 0., 20.,  0.]])
    """

    def __init__(self, size: int, dim: int, temperature: float = 0.05) -> None:
        if size < 1 or dim < 1:
            raise ValueError(f"size and dim must be positive, got {size} and {dim}")
        super().__init__(torch.zeros(size, dim), temperature)

    @full_precision
    def update(self, features: Tensor, index: Tensor, momentum: float) -> None:
        """Write the batch into its keys; call it after the backward pass (before it, autograd
        raises an error).

        An image that occurs twice in the batch is written twice, in the order of the batch.

        Args:
            features: [B, D].
            index: [B] the place of each image, 0..N-1.
            momentum: weight of the old value, 0 (replace) to 1 (keep).

        Raises:
            ValueError: wrong shapes, an index outside 0..N-1, or a momentum outside 0..1.
        """
        self._write(features, index, momentum)


class ClusterMemory(_Memory):
    r"""One vector per cluster of pseudo labels (Dai et al. 2022, "Cluster Contrast").

    .. math:: L = -\log \frac{e^{f \cdot \phi_y / \tau}}{\sum_k e^{f \cdot \phi_k / \tau}}, \qquad
              \phi_y \leftarrow \frac{\mu \phi_y + (1 - \mu) f}{\lVert \mu \phi_y + (1 - \mu) f \rVert}

    The loss is the cross-entropy of :meth:`logits`. Make a new memory from the means of the
    clusters in every epoch.

    Args:
        centres: [C, D], any length; normalised here.
        temperature: :math:`\tau`.
        momentum: :math:`\mu`, the weight of the *old* value; 0.1 in all published runs.

    Raises:
        ValueError: a wrong shape, a temperature that is not positive, or a momentum outside 0..1.

    >>> memory = ClusterMemory(torch.tensor([[2.0, 0.0], [0.0, 1.0]]), momentum=0.0)
    >>> memory.update(torch.tensor([[0.6, 0.8]]), torch.tensor([0]))
    >>> memory.keys
    tensor([[0.6000, 0.8000],
            [0.0000, 1.0000]])
    """

    def __init__(self, centres: Tensor, temperature: float = 0.05, momentum: float = 0.1) -> None:
        check_matrix("centres", centres)
        if not 0 <= momentum <= 1:
            raise ValueError(f"momentum is the weight of the old value, between 0 and 1, got {momentum}")
        super().__init__(F.normalize(centres.detach().float(), dim=1), temperature)
        self.momentum = momentum

    @full_precision
    def update(self, features: Tensor, labels: Tensor) -> None:
        """Write every instance of the batch into its cluster's vector, in the order of the batch.

        Args:
            features: [B, D].
            labels: [B] cluster of each instance, 0..C-1.

        Raises:
            ValueError: wrong shapes, or a label outside 0..C-1.
        """
        self._write(features, labels, self.momentum)
