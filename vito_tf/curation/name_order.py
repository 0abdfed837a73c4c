# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""A pseudo-random order of videos that depends on their names alone."""

from __future__ import annotations

import hashlib


def name_key(name: str) -> bytes:
    """A name as bytes. Beam cannot encode a key `str` with bytes that are not UTF-8."""
    return name.encode("utf-8", "surrogatepass")


def name_of(key: bytes) -> str:
    """The inverse of `name_key`."""
    return key.decode("utf-8", "surrogatepass")


def place_in_order(name: str, purpose: str) -> bytes:
    """Where a video stands: 16 bytes, to be compared; independent for each purpose.

    Args:
        name: of the video.
        purpose: at most 16 ASCII characters.
    """
    return hashlib.blake2b(name_key(name), digest_size=16, person=purpose.encode()).digest()
