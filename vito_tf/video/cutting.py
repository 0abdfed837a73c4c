# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Source of clips: the user's videos, cut into clip records once, before training starts."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import json
import os
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import gin
from absl import logging
from tqdm import tqdm

from vito_tf import progress as bars
from vito_tf.folder_lock import locked
from vito_tf.video.clip_examples import build_clip
from vito_tf.video.clip_records import clip_records
from vito_tf.video.clip_shards import INFO_FILE, write_json, write_shard
from vito_tf.video.clips import UNLABELLED, Clips
from vito_tf.video.cutter import CutSettings, cut_video
from vito_tf.video.probing import VideoError
from vito_tf.video.skipped import SkipLog
from vito_tf.video.video_files import expand_video_pattern

PLAN_FILE = "cut_videos.json"
_FEWEST_SHARDS = 16
_MOST_VIDEOS_PER_SHARD = 64


@gin.configurable
def cut_videos(
    work_dir: str,
    pattern: str | Sequence[str] = gin.REQUIRED,
    output_dir: str | None = None,
    labels: str | None = None,
    settings: CutSettings | None = None,
    num_threads: int | None = None,
    max_skipped_share: float = 0.5,
) -> Clips:
    """Cuts videos into clip records under `output_dir`, or finds them there, and reads those.

    Interrupted, it goes on where it stopped (at most the shards under way are done again); what is
    complete is read at once. The records depend on the videos, their names below their common
    folder and the settings alone, not on the number of threads or on interruptions. A video that
    cannot be cut is left out and listed with the reason in `output_dir/skipped.tsv`; its clips from
    before the damage are kept.

    Args:
        work_dir: folder of the run.
        pattern: a folder, a glob (`**` spans folders) or a list of these; see
            `vito_tf.video.video_files.expand_video_pattern`.
        output_dir: local folder of the records; None for `work_dir/clips`. Nothing is written
            elsewhere.
        labels: `folder` makes the name of a video's folder its class; None leaves it unlabelled.
        settings: how to cut; None for `CutSettings()`, that is as gin binds it.
        num_threads: videos cut at the same time; None for the number of processors.
        max_skipped_share: largest share of the videos that may be skipped, in [0, 1].

    Returns:
        The clips, read by `vito_tf.video.clip_records.clip_records`.

    Raises:
        ValueError: nothing matches `pattern`, `output_dir` cannot be written or holds clips of
            other videos or settings, an argument is unknown, or too many videos fail.
    """
    if labels not in (None, "folder"):
        raise ValueError(f"cut_videos.labels must be None or 'folder', got {labels!r}.")
    if num_threads is not None and num_threads < 1:
        raise ValueError(f"cut_videos.num_threads must be at least 1, got {num_threads}.")
    output_dir = output_dir or os.path.join(work_dir, "clips")
    paths = expand_video_pattern(pattern, "cut_videos.pattern")
    job = _Job(paths, labels == "folder", settings or CutSettings(), output_dir)
    with locked(output_dir, "cut_videos.output_dir"):
        job.check_plan()
        if not os.path.exists(os.path.join(output_dir, INFO_FILE)):
            job.run(num_threads or os.cpu_count() or 1, max_skipped_share)
    return clip_records(work_dir, output_dir)


@dataclasses.dataclass(frozen=True)
class _Video:
    path: str
    name: str
    label: int
    class_name: str


class _Job:
    """Which videos go into which shard, and what has been done of it."""

    def __init__(
        self, paths: Sequence[str], labelled: bool, settings: CutSettings, output_dir: str
    ):
        self._settings = settings
        self._output_dir = output_dir
        root = os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
        folders = [os.path.basename(os.path.dirname(os.path.abspath(path))) for path in paths]
        self._class_names = sorted(set(folders)) if labelled else []
        labels = {name: label for label, name in enumerate(self._class_names)}
        self._videos = [
            _Video(path, os.path.relpath(path, root), labels.get(folder, UNLABELLED), folder)
            for path, folder in zip(paths, folders)
        ]
        most = max(_FEWEST_SHARDS, -(-len(paths) // _MOST_VIDEOS_PER_SHARD))
        self._num_shards = min(len(paths), most)
        self._plan = {
            "settings": {**dataclasses.asdict(settings), "labels": "folder" if labelled else None},
            "videos": {video.name: os.path.getsize(video.path) for video in self._videos},
        }

    def check_plan(self) -> None:
        """Notes the plan in the folder; raises a ValueError if another one is noted there."""
        path = os.path.join(self._output_dir, PLAN_FILE)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                differences = _differences(json.load(file), self._plan)
        elif os.path.exists(os.path.join(self._output_dir, INFO_FILE)):
            differences = ["they were not made by cut_videos (source clip_records reads them)"]
        else:
            write_json(path, self._plan)
            return
        if differences:
            raise ValueError(
                f"cut_videos.output_dir = {self._output_dir!r} holds other clips: "
                f"{'; '.join(differences)}. Remove the folder or name another one."
            )

    def run(self, num_threads: int, max_skipped_share: float) -> None:
        """Cuts all videos that are not in a finished shard yet."""
        log = SkipLog(
            os.path.join(self._output_dir, "skipped.tsv"),
            max_share=max_skipped_share,
            binding="cut_videos.max_skipped_share",
        )
        stop = threading.Event()
        reports = []
        progress = bars.bar(total=len(self._videos), desc="Cutting videos", unit="video")
        with progress, concurrent.futures.ThreadPoolExecutor(num_threads) as pool:
            try:
                shards = range(self._num_shards)
                for report in pool.map(lambda i: self._shard(i, progress, stop), shards):
                    reports.append(report)
                    _note_skipped(report, log)
                log.check(final=True)
            finally:
                stop.set()
        self._finish(reports)

    def _shard(self, index: int, progress: tqdm, stop: threading.Event) -> dict[str, Any]:
        """Writes a shard and a report beside it, which marks it as finished."""
        stem = os.path.join(self._output_dir, self._stem(index))
        videos = self._videos[index :: self._num_shards]
        if os.path.exists(stem + ".json"):
            with open(stem + ".json", encoding="utf-8") as file:
                report = json.load(file)
            progress.update(len(videos))
            return report
        sources: list[dict[str, Any]] = []
        shard = write_shard(stem + ".tfrecord", self._records(videos, sources, progress, stop))
        report = {
            "name": os.path.basename(shard.path),
            "num_clips": shard.num_clips,
            "num_bytes": shard.num_bytes,
            "sources": sources,
        }
        write_json(stem + ".json", report)
        return report

    def _stem(self, index: int) -> str:
        return f"clips-{index:05d}-of-{self._num_shards:05d}"

    def _records(
        self,
        videos: Sequence[_Video],
        sources: list[dict[str, Any]],
        progress: tqdm,
        stop: threading.Event,
    ) -> Iterator[bytes]:
        """Yields the records of some videos and notes in `sources` what became of each."""
        for video in videos:
            source: dict[str, Any] = {"name": video.name, "num_clips": 0}
            try:
                for clip in cut_video(video.path, self._settings):
                    if stop.is_set():
                        raise concurrent.futures.CancelledError
                    yield build_clip(clip, video.name, video.label, video.class_name)
                    source["num_clips"] += 1
            except VideoError as error:
                source["skipped"] = str(error)
            sources.append(source)
            progress.update()

    def _finish(self, reports: Sequence[dict[str, Any]]) -> None:
        """Writes `dataset_info.json`, by which the set counts as complete."""
        sources = sorted(
            (source for report in reports for source in report["sources"]),
            key=lambda source: source["name"],
        )
        num_clips = sum(report["num_clips"] for report in reports)
        if not num_clips:
            raise ValueError("cut_videos.pattern: no clip could be cut from any of the videos.")
        info = {
            "num_clips": num_clips,
            "class_names": self._class_names,
            "settings": self._plan["settings"],
            "shards": [{k: r[k] for k in ("name", "num_clips", "num_bytes")} for r in reports],
            "sources": [source for source in sources if "skipped" not in source],
            "skipped": [source for source in sources if "skipped" in source],
        }
        write_json(os.path.join(self._output_dir, INFO_FILE), info)
        for index in range(self._num_shards):
            os.remove(os.path.join(self._output_dir, self._stem(index) + ".json"))
        logging.info(
            "Cut %d clips from %d videos into %s; %d videos skipped.",
            num_clips,
            len(sources),
            self._output_dir,
            len(info["skipped"]),
        )


def _note_skipped(report: dict[str, Any], log: SkipLog) -> None:
    for source in report["sources"]:
        if "skipped" not in source:
            log.use()
        elif source["num_clips"]:
            log.skip(source["name"], f"after {source['num_clips']} clips: {source['skipped']}")
        else:
            log.skip(source["name"], source["skipped"])
    log.check()


def _differences(there: dict[str, Any], asked: dict[str, Any]) -> list[str]:
    """Describes how one plan differs from another, for a person."""
    differences = [
        f"{key} is {there['settings'].get(key)!r} there and {value!r} now"
        for key, value in asked["settings"].items()
        if there["settings"].get(key) != value
    ]
    old, new = there["videos"], asked["videos"]
    groups = {
        "new": sorted(new.keys() - old.keys()),
        "gone": sorted(old.keys() - new.keys()),
        "changed": sorted(name for name in new.keys() & old.keys() if new[name] != old[name]),
    }
    for state, names in groups.items():
        if names:
            differences.append(f"{len(names)} videos are {state}, as {names[0]!r}")
    return differences
