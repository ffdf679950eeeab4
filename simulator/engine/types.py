"""Types of what kernels take: the element type only; shapes and units are in each docstring."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

type Record = Any
"""One record of a structured array; compiled code reads its fields."""

type Records = NDArray[np.void]
type Floats = NDArray[np.float64]
type Integers = NDArray[np.int64]
type Counts = NDArray[np.int32]
type U8 = NDArray[np.uint8]
type U16 = NDArray[np.uint16]
type U32 = NDArray[np.uint32]
type Words = NDArray[np.uint32]
type Key = NDArray[np.uint32]
type Events = NDArray[np.uint64]
