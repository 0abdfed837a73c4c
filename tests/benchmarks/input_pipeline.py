# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What a view costs in the input pipeline, from clip records and from videos.

Makes its own data, a textured scene that pans and zooms, with noise as of a camera, in H.264 files:
of 10.24 s at 25 frames per second and 340x256 pixels, which `cut_videos` turns into clip records of
JPEG frames of quality 95; and of 3 s and 352x256 pixels, which tensorflow-io decodes as they are.
Reads both by `ViewPipeline`, with 2 views of 224 pixels in batches of 16 videos, and prints the
processor time of this process per view, over all threads. Stages are cumulative and take turns:

  read          the clips as encoded, parsed;
  decode        and what the views need: the crops of the sampled JPEG frames, or the whole video;
  crop/resize   and the crops resized, in batches;
  augmentation  and augmented, as training uses them.

The cost of a stage is the difference to the one before; views per second and core are the inverse.

  python -m tests.benchmarks.input_pipeline --rounds 3
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Iterator

from vito_tf import environment

environment.prepare()

import cv2
import numpy as np
import tensorflow as tf

from vito_tf.procedural import video_writer
from vito_tf.video import (
    clips,
    cutting,
    decoding,
    frame_sampling,
    skipped,
    video_files,
    views,
)

NUM_VIEWS = 2
IMAGE_SIZE = 224
MIN_CROP_AREA = 0.4
BATCH_SIZE = 16
STAGES = ("read", "decode", "crop/resize", "augmentation")


def render(seed: int, num_frames: int, height: int, width: int) -> np.ndarray:
    """Frames uint8 [F, H, W, 3] of a scene whose detail falls off with frequency, as in nature."""
    rng = np.random.default_rng(seed)
    side = 2 * max(height, width)
    scene = np.zeros([side, side, 3], np.float32)
    for cells in (4, 8, 16, 32, 64, 128, 256):
        coarse = rng.normal(size=[cells, cells, 3]).astype(np.float32)
        scene += cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC) / np.sqrt(cells)
    scene = 128 + 50 * scene / scene.std()
    noise = rng.normal(scale=2, size=[2 * height, 2 * width, 3]).astype(np.float32)
    frames = np.empty([num_frames, height, width, 3], np.uint8)
    for number, share in enumerate(np.linspace(0, 1, num_frames)):
        zoom = 1.1 + 0.4 * share
        place = np.array([[zoom, 0, -0.3 * share * side], [0, zoom, -0.1 * side]])
        frame = cv2.warpAffine(scene, place, (width, height), borderMode=cv2.BORDER_REFLECT)
        top, left = rng.integers(0, [height, width])
        frames[number] = np.clip(frame + noise[top : top + height, left : left + width], 0, 255)
    return frames


def make_videos(folder: str, count: int, num_frames: int, width: int) -> str:
    """Writes videos of 256 lines at 25 frames per second; returns the folder."""
    os.makedirs(folder)
    for number in range(count):
        frames = render(number, num_frames, 256, width)
        video_writer.encode_video(frames, os.path.join(folder, f"{number}.mp4"))
    return folder


def stage(name: str, data: clips.Clips, skip_log: skipped.SkipLog) -> Iterator[object]:
    """An endless stream of batches as they are after a stage of the pipeline."""
    sampler = frame_sampling.FrameSampler(num_views=NUM_VIEWS)

    def decode(number: tf.Tensor, clip: dict[str, tf.Tensor]) -> tf.Tensor:
        seeds = tf.random.experimental.stateless_split([0, number], NUM_VIEWS + 1)
        indices = sampler(clip["timestamps"], clip["end_timestamp"], seeds[0])
        if clip_is_video:
            return decoding.decode_frames(clip, indices, skip_log)[0][:, 0, 0]
        # Resizing to one pixel costs nothing.
        return decoding.decode_crops(clip, indices, seeds[1:], MIN_CROP_AREA, 1, skip_log)[0]

    if name in ("read", "decode"):
        clip_is_video = isinstance(data, video_files.VideoFiles)
        dataset = data.read(seed=0).repeat()
        if name == "read":
            return iter(dataset.map(lambda clip: clip["name"]).batch(BATCH_SIZE))
        dataset = dataset.enumerate().map(decode, num_parallel_calls=tf.data.AUTOTUNE)
        return iter(dataset.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE))
    pipeline = views.ViewPipeline(
        sampler,
        image_size=IMAGE_SIZE,
        min_crop_area=MIN_CROP_AREA,
        augment_on="host" if name == "augmentation" else "device",
    )
    return iter(pipeline.batches(data, BATCH_SIZE, seed=0, skip_log=skip_log))


def core_milliseconds(batches: Iterator[object], count: int) -> float:
    """Processor time of this process per view, while `count` batches are taken."""
    start = time.process_time()
    for _ in range(count):
        next(batches)
    return 1000 * (time.process_time() - start) / (count * BATCH_SIZE * NUM_VIEWS)


def measure(data: clips.Clips, count: int, rounds: int, folder: str) -> dict[str, float]:
    """Median core-milliseconds per view of each stage with those before it."""
    skip_log = skipped.SkipLog(os.path.join(folder, "skipped.tsv"))
    costs: dict[str, list[float]] = {name: [] for name in STAGES}
    for number in range(rounds):
        for name in STAGES:
            batches = stage(name, data, skip_log)
            core_milliseconds(batches, 3)
            costs[name].append(core_milliseconds(batches, count))
            del batches
            print(
                f"  round {number + 1} of {rounds}: up to {name:12s} {costs[name][-1]:7.2f} ms",
                flush=True,
            )
    return {name: statistics.median(values) for name, values in costs.items()}


def report(source: str, costs: dict[str, float]) -> None:
    """Prints the costs of a source and which stage is the dearest."""
    print(f"{source}: core-milliseconds per view of {IMAGE_SIZE} pixels")
    before, shares = 0.0, {}
    for name, cost in costs.items():
        shares[name] = cost - before
        before = cost
        print(f"  {name:12s}{shares[name]:8.2f}   up to here{cost:8.2f}")
    limit = max(shares, key=shares.__getitem__)
    print(
        f"  {1000 / before:.0f} views per second and core; "
        f"{limit} limits, with {shares[limit] / before:.0%} of the time"
    )


def main() -> None:
    """Makes the data, measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each stage is measured")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print("Making videos", flush=True)
        long = make_videos(os.path.join(folder, "long"), count=6, num_frames=256, width=340)
        short = make_videos(os.path.join(folder, "short"), count=6, num_frames=75, width=352)
        records = cutting.cut_videos(folder, long)
        files = os.path.join(folder, "clips")
        num_bytes = sum(entry.stat().st_size for entry in os.scandir(files))
        print(f"JPEG frames of {num_bytes / 6 / 256 / 1000:.1f} kB", flush=True)
        costs = measure(records, 20, args.rounds, folder)
        video_costs = measure(video_files.video_files(folder, short), 2, args.rounds, folder)
    report("JPEG clip records", costs)
    report("mp4 by tensorflow-io", video_costs)


if __name__ == "__main__":
    main()
