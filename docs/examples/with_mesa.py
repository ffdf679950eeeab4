"""SinTrata under ``mesa.batch_run``: the world is a ``mesa.Model`` like any other.

    python docs/examples/with_mesa.py

``batch_run`` starts every model from nothing; ``simulator.compare`` and sweeps share history between
scenarios and are much quicker.
"""

from __future__ import annotations

import mesa

import simulator


def main(processes: int | None = 1, until: int = 227, **more: object):
    """Return one row a run and month: children in each state after home (simulated).

    Parameters
    ----------
    until : last month, counted from January 2012
    more : further parameters of ``simulator.World``
    """
    rows = mesa.batch_run(
        simulator.World,
        parameters={"scenario": ["baseline", "places_for_boys"], "until": until, **more},
        rng=[0],
        number_processes=processes,
        data_collection_period=12,
        display_progress=False,
    )
    # Rows come in the order in which processes finish.
    return sorted(rows, key=lambda row: (row["RunId"], row["Step"]))


if __name__ == "__main__":
    for row in main():
        print(row["scenario"], row["Step"], row["exploited"], row["specialised_shelter"])
