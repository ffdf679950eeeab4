"""Worker processes: of this machine, or of any dask scheduler; each loads ledger and population once."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Final

from simulator.engine.states import START_YEAR
from simulator.engine.store import load_population
from simulator.evidence import Ledger, load_ledger
from simulator.processes import deaf_children

if TYPE_CHECKING:
    from distributed import Client

    from simulator.engine.population import Population

POPULATIONS: Final = 2
"""Populations that a process keeps at hand; they are memory-mapped, so that processes share their pages."""


UNDISTURBED: Final = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": 1, "OPENBLAS_NUM_THREADS": 1},
}
"""Dask samples what workers do a hundred times a second, and has them give back all memory at once: both take
a tenth of their time."""


@contextmanager
def open_workers(workers: int | None = None, scheduler: str | None = None) -> Iterator[Client]:
    """Give a dask client, whose worker processes run one task at a time on one thread.

    Parameters
    ----------
    workers : processes of this machine, by default one for each core; ignored with ``scheduler``
    scheduler : address of a running dask scheduler, ``"tcp://host:8786"``, whose workers are used as they are

    Raises
    ------
    ConnectionError
        If no scheduler answers at the address.
    """
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster  # noqa: PLC0415  (slow to import, and not always needed)

    if scheduler is not None:
        try:
            client = Client(scheduler, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise ConnectionError(str(error)) from error
        with client:
            yield client
        return
    with dask.config.set(UNDISTURBED):
        # Python's tracker of resources lets interrupts through again as it starts: it must be there before.
        resource_tracker.ensure_running()
        # What the cluster starts later, in the place of dead workers, is as deaf as what it starts now.
        with deaf_children():
            cluster = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=workers or os.cpu_count() or 1,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                host="127.0.0.1",
                memory_limit=0,
                # A worker that is slow to end is none of the user's business; what is lost becomes an error.
                silence_logs=logging.ERROR,
            )
        with cluster, Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            yield client


@lru_cache(maxsize=POPULATIONS)
def country(last_month: int, scale: float = 1.0) -> tuple[Ledger, Population]:
    """Return ledger and population of this process, for runs up to a month counted from January 2012."""
    ledger = load_ledger()
    last_year = max(2030, START_YEAR + last_month // 12)
    return ledger, load_population(ledger, scale=scale, last_year=last_year)
