"""The command that opens the pages in a browser."""

# ruff: noqa: PLC0415  (imports inside functions keep help instant)

from __future__ import annotations

import socket
from typing import Annotated

from simulator.terminal import LARGEST_SEED, bad_option, option, whole
from simulator.texts import t

LARGEST_PORT = 65535
MOST_DRAWS = 1000
MOST_WORKERS = 64


def app(
    port: Annotated[str, option("--port", "port")] = "8501",
    address: Annotated[str, option("--address", "address")] = "127.0.0.1",
    draws: Annotated[str, option("--draws", "app_draws")] = "24",
    seed: Annotated[str, option("--seed", "seed")] = "0",
    workers: Annotated[str, option("--workers", "app_workers")] = "2",
) -> None:
    """Serve the pages until interrupted."""
    where = whole("--port", port, 1, LARGEST_PORT)
    n_draws = whole("--draws", draws, 1, MOST_DRAWS)
    n_seed = whole("--seed", seed, 0, LARGEST_SEED)
    n_workers = whole("--workers", workers, 1, MOST_WORKERS)
    _check_free(address, where)

    from app.engine import Settings
    from app.server import serve

    print(t("cli.app.serving", address=address, port=where), flush=True)
    settings = Settings(draws=n_draws, seed=n_seed, workers=n_workers, trends=-(-n_draws // n_workers) * 2)
    serve(settings, port=where, address=address)


def _check_free(address: str, port: int) -> None:
    """Refuse an address at which nothing can listen."""
    try:
        with socket.create_server((address, port)):
            return
    except OSError as error:
        found = f"{address}:{port} ({error.strerror or error})"
        raise bad_option("--port", found, t("cli.allowed.free_port"), t("cli.do.free_port")) from None
