# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Opens broken video files by the thousand, as ingestion does, and counts what becomes of them.

  python -m tests.fuzz_ingest --files=10000 --seed=0

File number i depends on `--seed` and i alone. Every file must end as valid clips or as a reason
that is known, within the limit of time; otherwise it is kept in `--keep` and the exit status is 1.
"""

from __future__ import annotations

import argparse
import collections
import os
import sys
import tempfile
import time

from tests.ingestion import broken_videos
from tests.ingestion.outcomes import SETTINGS, InvalidOutcomeError, outcome
from vito_tf import progress
from vito_tf.ingestion.limits import Limits
from vito_tf.ingestion.sandbox import Sandbox

LIMITS = Limits(max_seconds=10.0, max_frames=5000, max_frame_pixels=1 << 24)
_SECONDS_TO_CHECK = 60.0  # of this process


def fuzz(count: int, seed: int, seconds: float, keep: str) -> tuple[collections.Counter, list[str]]:
    """Returns how often each outcome came, and what must not have happened."""
    counts: collections.Counter = collections.Counter()
    faults: list[str] = []
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Sandbox(LIMITS) as sandbox:
        os.mkdir(f"{folder}/valid")
        videos = broken_videos.valid_videos(f"{folder}/valid")
        path = f"{folder}/video.bin"
        for number in progress.bar(range(count), unit="file"):
            if time.monotonic() - begin > seconds:
                break
            name, data = broken_videos.break_video(videos, seed * 1_000_003 + number)
            with open(path, "wb") as file:
                file.write(data)
            started = time.monotonic()
            try:
                result = outcome(sandbox, path, SETTINGS[number % len(SETTINGS)])
                if time.monotonic() - started > 2 * LIMITS.max_seconds + _SECONDS_TO_CHECK:
                    raise InvalidOutcomeError("it took too long")
                if sorted(os.listdir(folder)) != ["valid", "video.bin"]:
                    raise InvalidOutcomeError("there is a file more")
                counts[result] += 1
            except Exception as error:
                counts["INVALID"] += 1
                faults.append(f"file {number} ({name}): {type(error).__name__}: {error}")
                os.makedirs(keep, exist_ok=True)
                os.replace(path, f"{keep}/{seed}-{number}.bin")
    return counts, faults


def main() -> int:
    """Runs and prints the summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=10_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of all files")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after")
    parser.add_argument("--keep", default="fuzz_faults", help="folder for files that show a fault")
    args = parser.parse_args()
    begin = time.monotonic()
    counts, faults = fuzz(args.files, args.seed, args.seconds, args.keep)
    total = sum(counts.values())
    print(f"{total} files in {time.monotonic() - begin:.0f} s")
    for name, count in counts.most_common():
        print(f"  {name:28s}{count:8d}  {count / total:.2%}")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
