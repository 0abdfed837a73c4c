# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What ingesting a video costs, beside decoding it, and what judging its first frames does.

Makes its own videos unless some are given: a textured scene that pans and zooms, with noise as of a
camera, 30 s at 25 frames per second in H.264 of x264's default quality and preset, 360 and 720
lines. Prints processor time per second of video, of all threads:

  decode       PyAV alone, one thread;
  scale        and the frames that clips keep scaled, and made RGB where JPEG needs that;
  encode       and encoded as JPEG of quality 95: `cut_video`;
  ingest       and probed before, both in the sandbox's process, clips received from there,

the last in relation to the first, and the classifier's time per video. Stages are cumulative and
take turns; the least of `--rounds` counts, as others may use the machine.

  python -m tests.benchmarks.ingest --rounds 3
"""

from __future__ import annotations

import argparse
import glob
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence

from vito_tf import environment

environment.prepare()

import av
import numpy as np

from tests.benchmarks.input_pipeline import render
from vito_tf.curation.classifiers import EfficientNetLite
from vito_tf.ingestion.limits import Limits
from vito_tf.ingestion.sandbox import FirstFrames, Sandbox
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.frame_times import displayed_frames, nearest_to_grid
from vito_tf.video.pixels import FramePixels
from vito_tf.video.probing import main_video_stream, open_video

SETTINGS = CutSettings()
SECONDS, RATE = 30, 25
SIZES = {"360p": (640, 360), "720p": (1280, 720)}


def make_video(path: str, width: int, height: int) -> str:
    """Writes a video; returns its path."""
    part = render(0, SECONDS * RATE // 3, height, width)
    frames = [*part, *part[::-1], *part]
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        container.mux(stream.encode())
    return path


def decode(path: str) -> None:
    """Stage 1."""
    with av.open(path) as container:
        stream = main_video_stream(container)
        stream.codec_context.thread_count = 1
        for _ in container.decode(stream):
            pass


def scale(path: str) -> None:
    """Stages 1 and 2."""
    with open_video(path) as container:
        stream = main_video_stream(container)
        pixels = FramePixels(stream.sample_aspect_ratio, SETTINGS.short_side)
        for kept in nearest_to_grid(displayed_frames(container, stream), SETTINGS.frame_rate):
            pixels.jpeg_planes(kept.frame) or pixels.rgb(kept.frame)


def cut(path: str) -> None:
    """Stages 1 to 3."""
    for _ in cut_video(path, SETTINGS):
        pass


def ingest(path: str) -> None:
    """All stages."""
    with Sandbox(Limits()) as sandbox:
        sandbox.probe(path)
        for _ in sandbox.cut(path, SETTINGS):
            pass


def start(path: str) -> None:
    """What the sandbox takes once for many videos."""
    del path
    with Sandbox(Limits()) as sandbox:
        sandbox.start()


def core_seconds(work: Callable[[], object]) -> float:
    """Processor time of this process and of those that it waits for."""
    before = _processor_time()
    work()
    return _processor_time() - before


def _processor_time() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def measure(paths: Sequence[str], rounds: int) -> dict[str, float]:
    """Core-seconds of each stage with those before it, for all files together."""
    stages = {"decode": decode, "scale": scale, "encode": cut, "ingest": ingest, "start": start}
    costs = dict.fromkeys(stages, 0.0)
    for path in paths:
        least = dict.fromkeys(stages, float("inf"))
        for _ in range(rounds):
            for name, stage in stages.items():
                least[name] = min(least[name], core_seconds(lambda: stage(path)))  # noqa: B023
        for name, cost in least.items():
            costs[name] += cost
    costs["ingest"] -= costs.pop("start")
    return costs


def report(name: str, paths: Sequence[str], rounds: int) -> None:
    """Measures some files and prints."""
    seconds = 0.0
    with Sandbox(Limits()) as sandbox:
        for path in paths:
            seconds += sandbox.probe(path).seconds
    costs = measure(paths, rounds)
    print(f"{name}: {len(paths)} files, {seconds:.0f} s of video; core-milliseconds per second")
    before = 0.0
    for stage, cost in costs.items():
        print(
            f"  {stage:10s}{1000 * (cost - before) / seconds:8.1f}"
            f"   up to here{1000 * cost / seconds:8.1f}   {cost / costs['decode']:.2f} x decode"
        )
        before = cost
    print(f"  {seconds / costs['ingest']:.0f} source seconds ingested per core-second", flush=True)


def report_classifier(path: str, rounds: int) -> None:
    """Prints what the first frames of one video cost."""
    classifier = EfficientNetLite()
    loaded = classifier.load()
    first = FirstFrames(size=classifier.image_size, crop_share=classifier.crop_share)
    shown: list[np.ndarray] = []
    with Sandbox(Limits()) as sandbox:
        for _ in sandbox.cut(path, SETTINGS, first, shown.append):
            pass
    (squares,) = shown
    loaded(squares)
    begin = time.monotonic()
    loaded(squares)
    latency = time.monotonic() - begin
    cost = min(core_seconds(lambda: loaded(squares)) for _ in range(rounds))
    print(
        f"{classifier}: {cost:.2f} core-seconds per video for {len(squares)} frames of "
        f"{first.size} pixels ({latency:.2f} s on {len(os.sched_getaffinity(0))} cores)"
    )


def main() -> None:
    """Makes the videos, measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each stage is measured")
    parser.add_argument("--videos", default="", help="a glob of videos, to be measured together")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if args.videos:
            groups = {args.videos: sorted(glob.glob(args.videos))}
        else:
            print("Making videos", flush=True)
            groups = {
                name: [make_video(f"{folder}/{name}.mp4", *size)] for name, size in SIZES.items()
            }
        for name, paths in groups.items():
            report(name, paths, args.rounds)
        report_classifier(next(iter(groups.values()))[0], args.rounds)


if __name__ == "__main__":
    main()
