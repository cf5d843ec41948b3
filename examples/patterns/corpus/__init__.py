"""The requests that both patterns and the module must answer alike."""

import math

from . import confusion, encoding, groups, headers, payloads, requests, signatures, times


def requests_of_all():
    """All of them, in an order that sends good and hostile ones in turn to one worker."""
    tokens = [
        token
        for part in (signatures, confusion, encoding, headers, payloads, times, groups, requests)
        for token in part.tokens()
    ]
    names = [token.name for token in tokens]
    assert len(set(names)) == len(names), sorted({n for n in names if names.count(n) > 1})
    stride = 7
    while math.gcd(len(tokens), stride) != 1:  # coprime to the count, it visits each once
        stride += 2
    return [tokens[i * stride % len(tokens)] for i in range(len(tokens))]
