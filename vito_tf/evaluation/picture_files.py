# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Which pictures a folder holds."""

from __future__ import annotations

import os

from vito_tf.transfer.datasets import photos
from vito_tf.video import listings


def below(folder: str) -> list[str]:
    """Paths of the pictures in a local folder and in all folders below, sorted.

    Hidden ones are passed over; a folder that does not exist holds none.
    """
    found = listings.files_below(folder) if os.path.isdir(folder) else ()
    return sorted(
        path for path in found if path.lower().endswith(photos.SUFFIXES) and not os.path.isdir(path)
    )
