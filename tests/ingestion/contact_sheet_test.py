# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the contact sheet."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.ingestion.data_sets import NUM_FRAMES, write_data_set
from tests.video.fake_videos import level
from vito_tf.ingestion import contact_sheet
from vito_tf.ingestion.contact_sheet import write_contact_sheet
from vito_tf.ingestion.dataset_info import describe
from vito_tf.video.clip_examples import build_clip
from vito_tf.video.clip_shards import write_shard
from vito_tf.video.cutter import EncodedClip

STRIP_WIDTH, STRIP_HEIGHT, GAP = 4 * 128, 18 + 96, 14


def _sheet(folder):
    with Image.open(f"{folder}/contact_sheet.jpg") as image:
        return np.asarray(image).astype(int)


def _cells(sheet, index):
    """The four frames of a strip, each on its mount, [96, 126, 3]."""
    row, column = divmod(index, 3)
    top = GAP + row * (STRIP_HEIGHT + GAP) + 18
    left = GAP + column * (STRIP_WIDTH + GAP)
    return [sheet[top : top + 96, left + i * 128 : left + i * 128 + 126] for i in range(4)]


@pytest.mark.parametrize("encoding", ["jpeg", "mp4"])
def test_clips_are_shown_by_class_and_time(tmp_path, encoding):
    data = write_data_set(str(tmp_path), encoding)
    info = describe(data.shards, data.summary, data.cut, {})
    write_contact_sheet(data.folder, info)
    sheet = _sheet(tmp_path)
    assert sheet.shape == (GAP + STRIP_HEIGHT + GAP, GAP + 3 * (STRIP_WIDTH + GAP), 3)
    levels = [level(int((part + 0.5) * NUM_FRAMES / 4)) for part in range(4)]
    for index, (width, height) in enumerate([(64, 48), (64, 48), (48, 80)]):
        for cell, expected in zip(_cells(sheet, index), levels):
            left, top = (126 - width) // 2, (96 - height) // 2
            frame = cell[top : top + height, left : left + width]
            assert abs(np.median(frame[height * 3 // 4 :]) - expected) < 4
            assert np.median(frame[: height // 4, : width // 4]) > 245
            assert np.all(abs(cell[:5] - 0xEC) < 3)
    first = (tmp_path / "contact_sheet.jpg").read_bytes()
    write_contact_sheet(data.folder, info)
    assert (tmp_path / "contact_sheet.jpg").read_bytes() == first


def test_captions_are_drawn(tmp_path):
    sheets = []
    for labelled in (True, False):
        folder = tmp_path / str(labelled)
        folder.mkdir()
        data = write_data_set(str(folder), labelled=labelled)
        write_contact_sheet(data.folder, describe(data.shards, data.summary, data.cut, {}))
        sheets.append(_sheet(folder)[GAP : GAP + 16, GAP : GAP + STRIP_WIDTH])
    for caption in sheets:
        assert (caption < 128).any()
    assert abs(sheets[0] - sheets[1]).mean() > 1


def _write_many(folder, num_shards, clips_a_shard):
    """Shards of one-frame clips, whose grey level is the number of their shard."""
    shards = []
    for number in range(num_shards):
        jpeg = io.BytesIO()
        Image.new("RGB", (40, 30), (number, number, number)).save(jpeg, "JPEG", quality=100)
        clip = EncodedClip((0,), 40_000, 30, 40, (jpeg.getvalue(),))
        name = f"clips-train.tfrecord-{number:05d}-of-{num_shards:05d}"
        records = [build_clip(clip, f"{number:05d}\n{'x' * 300}")] * clips_a_shard
        shard = write_shard(str(folder / name), records)
        shards.append({"name": name, "split": "train", "num_clips": shard.num_clips})
    return {"shards": shards}


@pytest.mark.parametrize(("num_shards", "clips_a_shard"), [(90, 1), (7, 20), (1, 100)])
def test_clips_come_from_all_over_the_split(tmp_path, num_shards, clips_a_shard):
    info = _write_many(tmp_path, num_shards, clips_a_shard)
    write_contact_sheet(str(tmp_path), info)
    sheet = _sheet(tmp_path)
    shown = [np.median(_cells(sheet, index)[0][40:50, 50:70]) for index in range(48)]
    assert len(shown) == sheet.shape[0] // (STRIP_HEIGHT + GAP) * 3
    chosen = np.sort(np.rint(shown))
    assert abs(chosen[0]) <= 1
    assert abs(chosen[-1] - (num_shards - 1)) <= 1
    assert np.diff(chosen).max() <= num_shards / 47 + 3


def test_empty_shards_are_passed_over(tmp_path):
    info = _write_many(tmp_path, 2, 1)
    write_shard(str(tmp_path / "empty"), [])
    info["shards"].insert(0, {"name": "empty", "split": "train", "num_clips": 0})
    info["shards"].append({"name": "missing", "split": "held_out", "num_clips": 9})
    write_contact_sheet(str(tmp_path), info)
    assert _sheet(tmp_path).shape[1] == GAP + 2 * (STRIP_WIDTH + GAP)


def test_text_is_shortened_in_the_middle():
    font = contact_sheet._font("normal")
    assert contact_sheet._shortened("short", font, 100) == "short"
    short = contact_sheet._shortened("beginning" + "x" * 300 + "end", font, 100)
    assert short.startswith("begi")
    assert short.endswith("end")
    assert font.getlength(short) <= 100
