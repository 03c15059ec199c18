"""All methods of the resampling benchmark, by name."""

from __future__ import annotations

from benchmarks.contender import SEARCHED, UNTUNED, Contender
from benchmarks.contender_networks import NETWORKS
from benchmarks.contender_peers import PEERS
from benchmarks.contender_searches import SEARCHES

CONTENDERS: dict[str, Contender] = {
    contender.key: contender for contender in (*NETWORKS, *PEERS, *SEARCHES)
}

TIERS: dict[str, list[str]] = {
    tier: [
        key
        for key, contender in CONTENDERS.items()
        if contender.tier == tier and contender.installed
    ]
    for tier in (UNTUNED, SEARCHED)
}
