# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The contact sheet: a picture of some clips of a data set, to see at a glance what is in it."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

from vito_tf.video.clip_shards import write_file
from vito_tf.video.probing import open_video
from vito_tf.video.record_files import TRAIN
from vito_tf.video.video_rows import printable

SHEET_FILE = "contact_sheet.jpg"

_NUM_CLIPS = 48
_COLUMNS = 3
_FRAMES = 4
_FRAME_WIDTH, _FRAME_HEIGHT = 128, 96
_CAPTION_HEIGHT = 18
_GAP = 14
_PAPER, _INK, _FAINT, _MOUNT = "#ffffff", "#202020", "#707070", "#ececec"


def write_contact_sheet(folder: str, info: Mapping[str, Any]) -> None:
    """Draws `contact_sheet.jpg`: up to 48 clips of the split train, four frames of each.

    The clips are the first of shards spread evenly over the split, a random sample of it since its
    clips are shuffled; they are sorted by class. Frames are evenly spaced over the clip and shown
    whole. The same records give the same picture.

    Args:
        folder: of the shards, local or remote (`tf.io.gfile`).
        info: its `dataset_info.json` (`vito_tf.ingestion.dataset_info.describe`).
    """
    shards = [shard for shard in info["shards"] if shard["split"] == TRAIN and shard["num_clips"]]
    clips = [tf.train.SequenceExample.FromString(r) for r in _sample(folder, shards)]
    clips.sort(key=_order)
    strip = _FRAMES * _FRAME_WIDTH, _CAPTION_HEIGHT + _FRAME_HEIGHT
    columns, rows = min(_COLUMNS, len(clips)), -(-len(clips) // _COLUMNS)
    size = _GAP + columns * (strip[0] + _GAP), _GAP + rows * (strip[1] + _GAP)
    sheet = Image.new("RGB", size, _PAPER)
    for index, clip in enumerate(clips):
        row, column = divmod(index, _COLUMNS)
        place = _GAP + column * (strip[0] + _GAP), _GAP + row * (strip[1] + _GAP)
        sheet.paste(_strip(clip, strip), place)
    jpeg = io.BytesIO()
    sheet.save(jpeg, "JPEG", quality=88)
    write_file(os.path.join(folder, SHEET_FILE), jpeg.getvalue())


def _sample(folder: str, shards: list[Mapping[str, Any]]) -> Iterator[bytes]:
    """The first records of evenly spread shards."""
    chosen = np.unique(np.linspace(0, len(shards) - 1, _NUM_CLIPS).round().astype(int))
    shares = np.diff(np.linspace(0, _NUM_CLIPS, len(chosen) + 1).round().astype(int))
    for index, share in zip(chosen, shares):
        path = os.path.join(folder, shards[index]["name"])
        yield from tf.data.TFRecordDataset(path).take(int(share)).as_numpy_iterator()


def _strip(clip: tf.train.SequenceExample, size: tuple[int, int]) -> Image.Image:
    """Frames of a clip side by side, below a caption."""
    strip = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(strip)
    bold, plain = _font("bold"), _font("normal")
    left, width = 0.0, size[0] - 4
    names = clip.context.feature["clip/label/text"].bytes_list.value
    if names:
        name = _shortened(printable(os.fsdecode(names[0])), bold, width * 0.5)
        draw.text((0, 0), name, _INK, bold)
        left = bold.getlength(name) + 10
    draw.text((left, 1), _shortened(_place(clip), plain, width - left), _FAINT, plain)
    for index, frame in enumerate(_frames(clip)):
        frame.thumbnail((_FRAME_WIDTH - 2, _FRAME_HEIGHT))
        mount = Image.new("RGB", (_FRAME_WIDTH - 2, _FRAME_HEIGHT), _MOUNT)
        mount.paste(frame, ((mount.width - frame.width) // 2, (mount.height - frame.height) // 2))
        strip.paste(mount, (index * _FRAME_WIDTH, _CAPTION_HEIGHT))
    return strip


def _frames(clip: tf.train.SequenceExample) -> Iterator[Image.Image]:
    """Frames in the middle of equal parts of a clip, in the order of time."""
    lists = clip.feature_lists.feature_list
    count = len(lists["image/timestamp"].feature)
    wanted = [int((part + 0.5) * count / _FRAMES) for part in range(_FRAMES)]
    if "image/encoded" in lists:
        for index in wanted:
            jpeg = lists["image/encoded"].feature[index].bytes_list.value[0]
            yield Image.open(io.BytesIO(jpeg)).convert("RGB")
        return
    with open_video(clip.context.feature["video/encoded"].bytes_list.value[0]) as container:
        for index, frame in enumerate(container.decode(video=0)):
            for _ in range(wanted.count(index)):
                yield frame.to_image()


def _order(clip: tf.train.SequenceExample) -> tuple[int, bytes, int]:
    """Class, source, start."""
    source = clip.context.feature["clip/media_id"].bytes_list.value[0]
    start = _integer(clip, "clip/start/timestamp")
    return _integer(clip, "clip/label/index"), source, start


def _place(clip: tf.train.SequenceExample) -> str:
    """Source and start of a clip: `dog.mp4  1:02.5`."""
    source = clip.context.feature["clip/media_id"].bytes_list.value[0]
    tenths = round(_integer(clip, "clip/start/timestamp") / 100_000)
    return f"{printable(os.fsdecode(source))}  {tenths // 600}:{tenths % 600 / 10:04.1f}"


def _integer(clip: tf.train.SequenceExample, key: str) -> int:
    values = clip.context.feature[key].int64_list.value
    return values[0] if values else -1


def _font(weight: str) -> ImageFont.FreeTypeFont:
    # DejaVu comes with matplotlib and knows more scripts than Pillow's own font.
    properties = font_manager.FontProperties(family="DejaVu Sans", weight=weight)
    return ImageFont.truetype(font_manager.findfont(properties), 11)


def _shortened(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """Text without its middle, so that it is no wider than `width` pixels."""
    if font.getlength(text) <= width:
        return text
    for kept in range(min(len(text), 200) // 2, 0, -1):
        short = f"{text[:kept]}…{text[-kept:]}"
        if font.getlength(short) <= width:
            return short
    return ""
