# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the files of procedural clips."""

import pathlib
import subprocess
import sys

import av
import numpy as np
import pytest

from vito_tf.procedural import objects, rendering, scenes, video_writer


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    output_dir = str(tmp_path_factory.mktemp("procedural"))
    video_writer.write_videos(output_dir, "held_out", clips_per_class=1, num_threads=2)
    return pathlib.Path(output_dir)


def _files(output_dir):
    return sorted(output_dir.glob("videos/held_out/*/*.mp4"))


def test_one_folder_a_class_and_nothing_partial(written):
    assert [path.parent.name for path in _files(written)] == sorted(
        kind.name for kind in objects.CLASSES
    )
    assert not list(written.rglob("*.partial"))


def test_files_are_h264_and_show_the_rendered_frames(written):
    spec = scenes.ClipSpec("held_out", 0, 0)
    path = written / "videos" / "held_out" / video_writer.clip_name(spec)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        decoded = list(container.decode(stream))
    assert [round(frame.time * 25) for frame in decoded] == list(range(75))
    pixels = np.stack([frame.to_ndarray(format="rgb24") for frame in decoded])
    error = pixels.astype(np.float64) - rendering.render_clip(spec)[0]
    assert 10 * np.log10(255**2 / np.mean(error**2)) > 25


def test_an_interrupted_call_is_completed_with_the_same_bytes(written):
    files = _files(written)
    lost = files[4]
    contents = lost.read_bytes()
    times = {path: path.stat().st_mtime_ns for path in files if path != lost}
    lost.unlink()
    lost.with_suffix(".mp4.partial").write_bytes(b"half a file")
    video_writer.write_videos(str(written), "held_out", clips_per_class=1, num_threads=1)
    assert lost.read_bytes() == contents
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_other_settings_are_refused_and_named(written):
    options = scenes.SceneOptions(hue_jitter=0.3)
    with pytest.raises(ValueError, match=r"hue_jitter: 0\.\d+ there, 0\.3 asked"):
        video_writer.write_videos(str(written), "held_out", clips_per_class=1, options=options)


def test_no_clips_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 1 clip per class"):
        video_writer.write_videos(str(tmp_path), "train", clips_per_class=0)


def test_masks_are_those_of_the_frames_on_display(written):
    masks = video_writer.load_held_out_masks(str(written))
    assert list(masks["names"]) == [f"{kind.name}/0000.mp4" for kind in objects.CLASSES]
    np.testing.assert_array_equal(masks["timestamps"], masks["frame_indices"] * 40_000)
    assert masks["masks"].shape == (12, 4, 84, 112)
    assert masks["masks"].dtype == np.uint8
    expected = rendering.render_clip(scenes.ClipSpec("held_out", 5, 0))[1]
    np.testing.assert_array_equal(masks["masks"][5], expected[masks["frame_indices"]])


def test_writing_needs_no_tensorflow():
    code = "import sys, vito_tf.procedural.video_writer; sys.exit('tensorflow' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
