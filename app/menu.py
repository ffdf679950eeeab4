"""The pages and the menu: what draws each, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from app.views import budget, compare, explore, home, horizon, lab, model, optimum, regions, targets

PAGES: Final[dict[str, tuple[Callable[[], None], str]]] = {
    "home": (home.show, ":material/home:"),
    "explore": (explore.show, ":material/tune:"),
    "budget": (budget.show, ":material/payments:"),
    "regions": (regions.show, ":material/map:"),
    "targets": (targets.show, ":material/flag:"),
    "horizon": (horizon.show, ":material/timeline:"),
    "compare": (compare.show, ":material/compare_arrows:"),
    "optimum": (optimum.show, ":material/savings:"),
    "lab": (lab.show, ":material/science:"),
    "model": (model.show, ":material/menu_book:"),
}
"""Pages by their address: what draws each, and its icon."""

MENU: Final[dict[str, tuple[str, ...]]] = {
    "": ("home", "explore", "budget"),
    "results": ("regions", "targets"),
    "options": ("compare", "horizon", "optimum"),
    "evidence": ("lab", "model"),
}
"""Groups of the menu, in its order: ten pages in a row would not fit; the first group has no name."""
