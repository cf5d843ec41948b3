"""Medians, and how sure they are."""

import math
import statistics

CERTAINTY = 0.9  # of an interval, at least


def interval(values):
    """(low, median, high): where the true median lies, by order statistics.

    Of five values it is the range (94 %); of fewer the range too, with less certainty.
    """
    ordered = sorted(values)
    n = len(ordered)
    cut = 0
    while 2 * cut < n and _outside(n, cut + 1) <= 1 - CERTAINTY:
        cut += 1
    return ordered[max(cut - 1, 0)], statistics.median(ordered), ordered[n - max(cut, 1)]


def _outside(n, cut):
    """How likely the median is beyond the cut-th value from either end."""
    return 2 * sum(math.comb(n, k) for k in range(cut)) / 2 ** n
