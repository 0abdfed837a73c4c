# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tiny runs for tests: a few clips, a narrow network, seconds on a CPU."""

import json
import os
import pathlib
import subprocess
import sys
import time

import cv2
import numpy as np

from tests.pretraining import models
from vito_tf.video import clip_examples, clip_shards, cutter

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
CLASSES = ("blue", "green", "red")
CLIPS_PER_CLASS = 8
STEPS = 12
RUN = (
    models.TINY
    + f"""
FrameSampler.num_views = 2
ViewPipeline.sampler = @FrameSampler()
ViewPipeline.image_size = {models.IMAGE_SIZE}
pretrain.views = @ViewPipeline()
pretrain.clips = @clip_records
pretrain.schedule = @Schedule()
Schedule.batch_size = 8
Schedule.steps = {STEPS}
Schedule.warmup_steps = 2
Schedule.base_learning_rate = 0.05
pretrain.optimizer = @adamw
pretrain.saving = @Saving()
Saving.log_every = 1
Saving.checkpoint_every = 5
"""
)
MONITORS = """
pretrain.monitor_with = (@NearestNeighbours, @AttentionPictures, @ViewPictures)
NearestNeighbours.bank = @clip_records
NearestNeighbours.queries = @clip_records
NearestNeighbours.k = 3
NearestNeighbours.every_steps = 10
AttentionPictures.clips = @clip_records
AttentionPictures.num_clips = 2
AttentionPictures.every_steps = 10
"""


def write_clips(folder, labelled=True):
    """Writes clip records in four files; the colour of a clip's noise is its class."""
    rng = np.random.default_rng(0)
    os.makedirs(folder, exist_ok=True)
    shards = []
    for file in range(4):
        records = [
            _clip(rng, label, f"{name}/{file}-{n}.mp4", name)
            for label, name in enumerate(CLASSES)
            for n in range(CLIPS_PER_CLASS // 4)
        ]
        shards.append(clip_shards.write_shard(f"{folder}/clips-{file}.tfrecord", records))
    info = {
        "class_names": CLASSES if labelled else [],
        "shards": [
            {"name": os.path.basename(s.path), "num_clips": s.num_clips, "num_bytes": s.num_bytes}
            for s in shards
        ],
    }
    clip_shards.write_json(f"{folder}/{clip_shards.INFO_FILE}", info)
    return str(folder)


def _clip(rng, label, name, class_name):
    coarse = rng.integers(0, 256, [5, 7, 3]).astype(np.uint8)
    coarse[..., label] //= 4
    picture = cv2.resize(coarse, (56, 40))
    images = [
        cv2.imencode(".jpg", np.roll(picture, shift, axis=1))[1].tobytes()
        for shift in range(0, 24, 2)
    ]
    times = tuple(range(0, 3_000_000, 250_000))
    clip = cutter.EncodedClip(
        timestamps=times,
        end_timestamp=3_000_000,
        height=40,
        width=56,
        images=tuple(images),
    )
    return clip_examples.build_clip(clip, name, label, class_name)


def write_config(path, clips, bindings=""):
    """Writes the gin file of a tiny run on a folder of clip records."""
    path.write_text(RUN + f"clip_records.file_pattern = '{clips}'\n" + bindings)
    return str(path)


def start(*flags, **environment):
    """Starts the command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "vito_tf.train", *flags],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_step(process, metrics, step, seconds=120):
    """Returns when a run has logged a step; fails when its process ends before."""
    deadline = time.monotonic() + seconds
    while not any(record["step"] >= step for record in read_metrics(metrics)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def read_metrics(path):
    """Complete records of a metrics.jsonl; none when there is no file."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")
    return [json.loads(line) for line in lines[:-1]]
