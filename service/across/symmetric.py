"""Eigenvalues of small symmetric matrices, by Jacobi's rotations: exact enough for n up to some dozens, no library."""

from __future__ import annotations

import math
from collections.abc import Sequence

SWEEPS = 60


def eigenvalues(matrix: Sequence[Sequence[float]]) -> list[float]:
    """All eigenvalues of a real symmetric matrix, largest first. Source: Golub & Van Loan, 8.5 (cyclic Jacobi)."""
    a = [list(row) for row in matrix]
    n = len(a)
    size = math.sqrt(math.fsum(value * value for row in a for value in row))
    for _ in range(SWEEPS):
        if math.sqrt(math.fsum(a[i][j] ** 2 for i in range(n) for j in range(n) if i != j)) <= 1e-15 * size:
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                _rotate(a, p, q)
    return sorted((a[k][k] for k in range(n)), reverse=True)


def _rotate(a: list[list[float]], p: int, q: int) -> None:
    """Make a[p][q] zero."""
    if a[p][q] == 0:
        return
    theta = (a[q][q] - a[p][p]) / (2 * a[p][q])
    t = math.copysign(1.0, theta) / (abs(theta) + math.hypot(theta, 1.0))
    c = 1 / math.hypot(t, 1.0)
    s = t * c
    for row in a:
        row[p], row[q] = c * row[p] - s * row[q], s * row[p] + c * row[q]
    upper, lower = a[p], a[q]
    a[p] = [c * x - s * y for x, y in zip(upper, lower, strict=True)]
    a[q] = [s * x + c * y for x, y in zip(upper, lower, strict=True)]


def largest_eigenvalue(matrix: Sequence[Sequence[float]]) -> float:
    """The largest of them."""
    return eigenvalues(matrix)[0]
