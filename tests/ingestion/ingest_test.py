# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of whole ingestions: what comes out, interruptions, curation, reading the result."""

from __future__ import annotations

import collections
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from tests.video import fake_videos
from vito_tf.curation.balance import Balance
from vito_tf.curation.classifiers import SavedModelClassifier
from vito_tf.curation.near_duplicates import NearDuplicates
from vito_tf.curation.query import TitleQuery
from vito_tf.curation.retrieval import NearestToTargets
from vito_tf.curation.verification import Verification
from vito_tf.ingestion import engine
from vito_tf.ingestion.ingest import ingest
from vito_tf.ingestion.manifest import read_manifest
from vito_tf.ingestion.recipe import Ingestion
from vito_tf.ingestion.workspace import Workspace
from vito_tf.video.clip_examples import build_clip
from vito_tf.video.clip_records import clip_records
from vito_tf.video.cutter import CutSettings, cut_video

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
CUT = CutSettings(clip_seconds=0.8, min_seconds=0.4)
RECIPE = Ingestion(cut=CUT, labels="folder", held_out_share=0.4, shard_bytes=60_000)
BINDINGS = (
    "CutSettings.clip_seconds = 0.8",
    "CutSettings.min_seconds = 0.4",
    "Ingestion.labels = 'folder'",
    "Ingestion.held_out_share = 0.4",
    "Ingestion.shard_bytes = 60_000",
)
CLASSES = ("cat", "dog")
COLOURS = {"tench": (255, 0, 0), "ostrich": (0, 255, 0), "king crab": (0, 0, 255)}


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Eight videos of two classes, and files that are none."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(8):
        path = folder / CLASSES[number % 2] / f"a {number}\n.mp4"
        path.parent.mkdir(exist_ok=True)
        fake_videos.write_video(path, 52 + number)
    (folder / "cat" / "empty.mp4").touch()
    (folder / "cat" / "text.mkv").write_text("no video" * 1000)
    whole = (folder / "cat" / "a 0\n.mp4").read_bytes()
    (folder / "dog" / "headless.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "dog" / "broken link.mp4").symlink_to("nowhere")
    return str(folder)


def _run(recipe, videos, output):
    return ingest(recipe, videos, str(output), engine.make_pipeline([], num_workers=1))


def _records(folder, split="train"):
    return {
        path.name: [bytes(r) for r in tf.data.TFRecordDataset(str(path)).as_numpy_iterator()]
        for path in sorted(pathlib.Path(folder).glob(f"clips-{split}.tfrecord-*"))
    }


def _rows(folder):
    return {row["name"]: row for row in read_manifest(f"{folder}/manifest.parquet").to_pylist()}


@pytest.fixture(scope="module")
def ingested(videos, tmp_path_factory):
    output = tmp_path_factory.mktemp("set") / "out"
    return str(output), _run(RECIPE, videos, output)


def test_every_video_is_a_row_and_every_clip_a_record(videos, ingested):
    folder, info = ingested
    rows = _rows(folder)
    reasons = {name.split("/")[1]: row["reason"] for name, row in rows.items() if row["reason"]}
    assert reasons == {
        "empty.mp4": "empty_file",
        "text.mkv": "unreadable",
        "headless.mp4": "unreadable",
        "broken link.mp4": "missing",
    }
    kept = [row for row in rows.values() if row["status"] == "kept"]
    assert len(kept) == 8
    expected: dict[str, list] = collections.defaultdict(list)
    for number in range(8):
        label = number % 2
        name = f"{CLASSES[label]}/a {number}\n.mp4"
        row = rows[name.replace("\n", "\\n")]
        clips = list(cut_video(os.path.join(videos, name), CUT))
        assert (row["num_clips"], row["class_name"]) == (len(clips), CLASSES[label])
        assert row["num_clips"] == 3
        expected[row["split"]] += [build_clip(c, name, label, CLASSES[label]) for c in clips]
    for split in ("train", "held_out"):
        found = [record for shard in _records(folder, split).values() for record in shard]
        assert sorted(found) == sorted(expected[split])
        assert len(found) == info["splits"][split]["num_clips"] > 0
        assert found != expected[split]


def test_only_the_data_set_is_left(ingested):
    folder, info = ingested
    names = {name for name in os.listdir(folder) if not name.startswith("clips-")}
    assert names == {
        ".lock",
        "contact_sheet.jpg",
        "dataset_card.md",
        "dataset_info.json",
        "manifest.parquet",
        "operative_config.gin",
        "tfds",
    }
    shards = {shard["name"] for shard in info["shards"]}
    assert {name for name in os.listdir(folder) if name.startswith("clips-")} == shards
    assert len(shards) > 3


def test_training_reads_the_folder(ingested):
    folder, info = ingested
    clips = clip_records("", folder)
    assert clips.num_clips == info["splits"]["train"]["num_clips"]
    assert clips.class_names == CLASSES
    seen = list(clips.read(seed=1).as_numpy_iterator())
    assert len(seen) == clips.num_clips
    for clip in seen:
        assert clip["name"].decode().startswith(f"{CLASSES[clip['label']]}/")
        assert len(clip["images"]) == len(clip["timestamps"])


def test_a_complete_set_is_left_alone_and_another_refused(videos, ingested):
    folder, info = ingested
    before = os.stat(os.path.join(folder, "manifest.parquet")).st_mtime_ns
    assert _run(RECIPE, videos, folder) == info
    assert os.stat(os.path.join(folder, "manifest.parquet")).st_mtime_ns == before
    with pytest.raises(ValueError, match=r"recipe.seed is 0 there and 1 now"):
        _run(
            Ingestion(cut=CUT, labels="folder", held_out_share=0.4, shard_bytes=60_000, seed=1),
            videos,
            folder,
        )
    with pytest.raises(ValueError, match=r"sources is '12 videos, .* there and '6 videos"):
        _run(RECIPE, os.path.join(videos, "cat"), folder)


def _start(videos, output, num_workers):
    flags = [f"--gin_params={binding}" for binding in BINDINGS]
    return subprocess.Popen(
        [sys.executable, "-m", "vito_tf.ingest", "--gin_file=gin_configs/ingestion/clips.gin",
         f"--videos={videos}", f"--output={output}", f"--num_workers={num_workers}", *flags],
        cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_killed_run_goes_on_and_nothing_is_done_twice(videos, ingested, tmp_path):
    """What is done when the command is killed may be lost at its source: it is not read again."""
    copy = tmp_path / "videos"
    subprocess.run(["cp", "-a", videos, copy], check=True)
    output = tmp_path / "out"
    process = _start(copy, output, num_workers=1)
    deadline = time.monotonic() + 120
    workspace = Workspace(str(output))
    while not list(pathlib.Path(workspace.folder).glob("videos/*/*.json")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    done = [path for path in copy.rglob("*.mp4") if workspace.read_row(str(path.relative_to(copy)))]
    assert done
    for path in done:
        size = path.stat().st_size if path.exists() else 0
        path.unlink()
        path.write_bytes(bytes(size))
    process = _start(copy, output, num_workers=2)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "12/12" in err
    assert "dataset_card.md" in out
    for split in ("train", "held_out"):
        assert _records(output, split) == _records(ingested[0], split)
    first, again = _rows(ingested[0]), _rows(output)
    for row in [*first.values(), *again.values()]:
        del row["path"]
    assert again == first, [(first[k], again[k]) for k in first if first[k] != again[k]]


class _ByColour(tf.Module):
    """A thousand classes; the first are the primary colours."""

    @tf.function(input_signature=[tf.TensorSpec([None, 32, 32, 3])])
    def __call__(self, images):
        colour = tf.reduce_mean(images, [1, 2])
        return tf.pad(colour * 10, [[0, 0], [0, 997]])


@pytest.fixture(scope="module")
def classifier(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("classifier"))
    module = _ByColour()
    tf.saved_model.save(module, path)
    return SavedModelClassifier(path=path, image_size=32)


@pytest.fixture(scope="module")
def coloured(tmp_path_factory):
    """Videos whose titles tell their colour, or do not."""
    folder = tmp_path_factory.mktemp("coloured")
    shown = {
        "A tench I caught": "tench",
        "Tenches!": "tench",
        "tench or OSTRICH?": "ostrich",
        "an ostrich, they say": "tench",
        "Holidays": "ostrich",
    }
    lines = ["video,title"]
    for number, (title, category) in enumerate(shown.items()):
        _write_colour(folder / f"{number}.mp4", COLOURS[category], 50)
        lines.append(f'{number}.mp4,"{title}"')
    _write_colour(folder / "short.mp4", COLOURS["tench"], 20)
    (folder / "videos.csv").write_text("\n".join([*lines, "short.mp4,tench"]))
    return folder


def _write_colour(path, colour, num_frames):
    images = np.broadcast_to(np.array(colour, np.uint8), [48, 64, 3])
    fake_videos.write_images(path, [images] * num_frames)


def test_videonet_keeps_what_titles_promise_and_frames_show(coloured, classifier, tmp_path):
    query = TitleQuery(categories_file=_categories(tmp_path))
    recipe = Ingestion(
        cut=CUT, query=query, min_seconds=1.0, classifier=classifier, verification=Verification()
    )
    info = _run(recipe, str(coloured / "videos.csv"), tmp_path / "out")
    rows = _rows(tmp_path / "out")
    fates = {name: row["reason"] or row["class_name"] for name, row in rows.items()}
    assert fates == {
        "0.mp4": info["class_names"][0],
        "1.mp4": info["class_names"][0],
        "2.mp4": info["class_names"][1],
        "3.mp4": "not_verified",
        "4.mp4": "no_category",
        "short.mp4": "too_short",
    }
    assert "50 of them look like" in rows["3.mp4"]["detail"]
    assert [rows[f"{i}.mp4"]["score"] for i in range(3)] == [1.0, 1.0, 1.0]
    labels = [clip["label"] for clip in clip_records("", str(tmp_path / "out")).read()]
    assert sorted(map(int, labels)) == [0] * 6 + [1] * 3


def _categories(folder):
    """A thousand categories, of which titles name the first."""
    path = folder / "categories.tsv"
    names = [*COLOURS, *(f"none{i}" for i in range(997))]
    path.write_text("".join(f"n{i:08d}\t{name}\n" for i, name in enumerate(names)))
    return str(path)


def test_retrieval_duplicates_and_balance(coloured, classifier, tmp_path):
    targets = tmp_path / "targets"
    targets.mkdir()
    red = np.broadcast_to(np.array(COLOURS["tench"], np.uint8), [40, 40, 3])
    tf.io.write_file(str(targets / "red.png"), tf.io.encode_png(red))
    recipe = Ingestion(
        cut=CUT,
        classifier=classifier,
        retrieval=NearestToTargets(images=str(targets), neighbours=3),
        near_duplicates=NearDuplicates(threshold=0.99),
    )
    _run(recipe, str(coloured / "*.mp4"), tmp_path / "out")
    fates = collections.Counter(row["reason"] for row in _rows(tmp_path / "out").values())
    assert fates == {"not_retrieved": 3, "near_duplicate": 2, "": 1}
    recipe = Ingestion(
        cut=CUT, labels="csv", query=TitleQuery(), balance=Balance(max_clips_per_class=4)
    )
    info = _run(recipe, str(_labelled(coloured)), tmp_path / "balanced")
    assert info["num_clips"] == 4


def _labelled(folder):
    path = folder / "labelled.csv"
    path.write_text("video,label\n" + "".join(f"{i}.mp4,tench\n" for i in range(5)))
    return path


def test_nothing_kept_is_an_error_that_says_why(tmp_path):
    (tmp_path / "videos").mkdir()
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / "videos" / name).touch()
    with pytest.raises(ValueError, match=r"None of the 2 videos was kept \(empty_file 2\)"):
        _run(RECIPE, str(tmp_path / "videos"), tmp_path / "out")
    assert len(_rows(tmp_path / "out")) == 2


def test_what_is_lost_of_a_set_is_noticed_and_work_is_tidied_up(ingested, videos, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(ingested[0], folder)
    (folder / "work").mkdir()
    _run(RECIPE, videos, folder)
    assert not (folder / "work").exists()
    shard = sorted(folder.glob("clips-train*"))[0]
    shard.unlink()
    with pytest.raises(ValueError, match=shard.name):
        _run(RECIPE, videos, folder)
    (folder / "dataset_info.json").unlink()
    with pytest.raises(ValueError, match="holds shards of which nothing else is known"):
        _run(RECIPE, videos, folder)
