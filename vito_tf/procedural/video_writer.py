# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Writes procedural clips as H.264 files, one folder a class, and the held-out clips' masks."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import fcntl
import json
import os

import av
import numpy as np

from vito_tf import progress
from vito_tf.procedural import objects, rendering, scenes

_ENCODER_OPTIONS = {"crf": "20", "preset": "superfast"}
_MASK_TIMES = (0.375, 1.125, 1.875, 2.625)  # seconds: the middles of a clip's four quarters


def encode_video(frames: np.ndarray, path: str) -> None:
    """Writes uint8 RGB frames [F, H, W, 3] (H, W even) as an H.264 .mp4, all of it or nothing."""
    partial = f"{path}.partial"
    with av.open(partial, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=scenes.FRAME_RATE, options=_ENCODER_OPTIONS)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    os.replace(partial, path)


def clip_name(spec: scenes.ClipSpec) -> str:
    """Path of a clip below its split's folder, `<class name>/<instance>.mp4`."""
    return f"{objects.CLASSES[spec.label].name}/{spec.instance:04d}.mp4"


def videos_folder(output_dir: str, split: str) -> str:
    """Folder of a split's videos, `<output_dir>/videos/<split>`, with a folder in it per class."""
    return os.path.join(output_dir, "videos", split)


def masks_path(output_dir: str) -> str:
    """Path of the file that `load_held_out_masks` reads."""
    return os.path.join(output_dir, "held_out_masks.npz")


def _claim_folder(folder: str, settings: dict) -> None:
    """Notes the settings of a folder's videos, or checks that they are those noted before."""
    path = f"{folder}.json"
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            noted = json.load(file)
        if noted != settings:
            changes = ", ".join(
                f"{key}: {noted.get(key)} there, {settings.get(key)} asked"
                for key in sorted(noted.keys() | settings.keys())
                if noted.get(key) != settings.get(key)
            )
            raise ValueError(
                f"{folder} holds procedural videos of other settings ({changes}). Use another "
                "directory, remove this one, or bind procedural_videos and SceneOptions as before."
            )
        return
    with open(f"{path}.partial", "w", encoding="utf-8") as file:
        json.dump(settings, file, indent=1)
    os.replace(f"{path}.partial", path)


def _write_missing(
    folder: str, specs: list[scenes.ClipSpec], options: scenes.SceneOptions, num_threads: int
) -> int:
    """Writes the videos that are not in the folder yet; returns how many that were."""

    def write(spec: scenes.ClipSpec) -> None:
        frames, _ = rendering.render_clip(spec, options)
        path = os.path.join(folder, clip_name(spec))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        encode_video(frames, path)

    missing = [spec for spec in specs if not os.path.exists(os.path.join(folder, clip_name(spec)))]
    if not missing:
        return 0
    # OpenCV and libx264 release the interpreter lock; processes would gain little, and a process
    # started by an absl program would import that program, TensorFlow included.
    with concurrent.futures.ThreadPoolExecutor(num_threads) as pool:
        title = f"Rendering {os.path.basename(folder)} videos"
        for _ in progress.bar(pool.map(write, missing), title, len(missing), unit="video"):
            pass
    return len(missing)


def _write_masks(
    output_dir: str, specs: list[scenes.ClipSpec], options: scenes.SceneOptions
) -> None:
    frames = np.round(np.array(_MASK_TIMES) * scenes.FRAME_RATE).astype(np.int64)
    masks = [rendering.render_clip(spec, options, frames)[1] for spec in specs]
    partial = f"{masks_path(output_dir)}.partial"
    with open(partial, "wb") as file:
        np.savez_compressed(
            file,
            names=np.array([clip_name(spec) for spec in specs]),
            frame_indices=frames,
            timestamps=frames * (1_000_000 // scenes.FRAME_RATE),
            masks=np.array(masks, np.uint8),
        )
    os.replace(partial, masks_path(output_dir))


def load_held_out_masks(output_dir: str) -> dict[str, np.ndarray]:
    """Reads where the objects are in a few frames of each held-out clip.

    Args:
      output_dir: as given to `write_videos`.

    Returns:
      `names` [N] of the videos as `clip_name` gives them (the names of the clips cut from them
      begin with these); `frame_indices` int64 [K] and `timestamps` int64 [K] in microseconds of
      the masked frames, the same in all clips; `masks` uint8 [N, K, H, W], 1 where the object is
      visible.
    """
    with np.load(masks_path(output_dir), allow_pickle=False) as file:
        return dict(file)


def write_videos(
    output_dir: str,
    split: str,
    clips_per_class: int,
    seed: int = 0,
    options: scenes.SceneOptions | None = None,
    num_threads: int | None = None,
) -> str:
    """Renders and encodes the clips of a split, and the masks of the held-out split.

    Files that exist are kept, so an interrupted call can be repeated. A clip's file does not
    depend on which other clips are written, nor on the number of threads.

    Args:
      output_dir: receives `videos/<split>/<class name>/<instance>.mp4`, the settings beside that
        folder, and `held_out_masks.npz`.
      split: `train` or `held_out`.
      clips_per_class: number of clips of each class.
      seed: of the whole data set.
      options: how hard; the defaults of `SceneOptions` when None.
      num_threads: clips rendered at a time; the number of CPUs when None.

    Returns:
      The folder of the split's videos.

    Raises:
      ValueError: if the folder holds videos of other settings, or a setting makes no sense.
    """
    if clips_per_class < 1:
        raise ValueError(f"procedural_videos needs at least 1 clip per class: {clips_per_class}.")
    options = scenes.SceneOptions() if options is None else options
    specs = [
        scenes.ClipSpec(split, label, instance, seed)
        for instance in range(clips_per_class)
        for label in range(len(objects.CLASSES))
    ]
    settings = {"clips_per_class": clips_per_class, "seed": seed, **dataclasses.asdict(options)}
    folder = videos_folder(output_dir, split)
    os.makedirs(folder, exist_ok=True)
    # A second process, such as another worker on this machine, waits and then finds all done.
    with open(os.path.join(output_dir, ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _claim_folder(folder, json.loads(json.dumps(settings)))
        num_written = _write_missing(folder, specs, options, num_threads or os.cpu_count() or 1)
        if split == "held_out" and (num_written or not os.path.exists(masks_path(output_dir))):
            _write_masks(output_dir, specs, options)
    return folder
