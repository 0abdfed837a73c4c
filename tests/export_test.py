# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The export commands: verified in a process of their own, with a card whose examples run."""

import re

import numpy as np
import pytest
import tensorflow as tf
from absl import flags

from export import export_backbone, export_tfhub
from tests import commands
from tests.backbones import encoders
from tests.pretraining import models
from tests.serving import runs
from vito_tf.backbones import encoder_files, networks
from vito_tf.serving import encoder as encoder_lib
from vito_tf.serving import file_formats, trained_network, verify


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    runs.write_run(folder)
    return str(folder)


@pytest.fixture
def tfhub():
    """Runs export_tfhub's main function with flags, in this process."""
    with commands.only_flags_of(export_tfhub.define_flags):
        yield lambda *words: export_tfhub.main(flags.FLAGS(["export_tfhub", *words]))


@pytest.fixture
def backbone():
    """Runs export_backbone's main function with flags, in this process."""
    with commands.only_flags_of(export_backbone.define_flags):
        yield lambda *words: export_backbone.main(flags.FLAGS(["export_backbone", *words]))


@pytest.fixture
def here(monkeypatch):
    """Verifies in this process, which is seconds faster."""
    monkeypatch.setattr(verify, "in_fresh_process", verify.compare)


@pytest.fixture
def photo(tmp_path_factory):
    """A flag that names one small photograph, of which a comparison is quick."""
    path = tmp_path_factory.mktemp("photo") / "a.png"
    path.write_bytes(tf.io.encode_png(np.eye(40, dtype=np.uint8)[..., None] * 255).numpy())
    return f"--verify_images={path}"


def _snippets(folder):
    return re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_run_becomes_a_saved_model_with_a_card_whose_examples_run(
    tfhub, run, photo, tmp_path, monkeypatch, capsys
):
    path = tmp_path / "encoder"
    words = ["--license=CC BY 4.0", "--data_description=Films of birds."]
    tfhub(f"--model_dir={run}", f"--export_path={path}", "--network=target", photo, *words)
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == f"Written to {path}."
    calls = ["endpoints", "features", "serving_default", "embed", "attention", "image_bytes"]
    assert [line.split(":")[0] for line in printed[:-1]] == [
        f"saved_model {call}" for call in [*calls, "video_clip"]
    ]
    card = (path / "README.md").read_text()
    for fact in ("CC BY 4.0", "Films of birds.", "target network", "| `loss` | 0.25 |", "20,664"):
        assert fact in card
    assert printed[0] in card
    assert "Schedule.batch_size = 8" in card
    assert "VitoNetwork.levels" in (path / "operative_config.gin").read_text()
    assert _names(tmp_path) == ["encoder"]

    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.jpg").write_bytes(tf.io.encode_jpeg(np.zeros([40, 60, 3], np.uint8)).numpy())
    found = {"images": runs.images(), "clips": tf.zeros([1, 2, 32, 32, 3])}
    for snippet in _snippets(path):
        exec(snippet, found)
    expected = trained_network.load(run, "target").network(found["images"], training=False)
    np.testing.assert_allclose(found["projections"], expected["embedding"], rtol=1e-3, atol=1e-4)
    for level, maps in expected["endpoints"].items():
        np.testing.assert_allclose(found["maps"][level], maps, rtol=1e-3, atol=1e-3)
    assert found["features"].shape == [2, 32]


def test_a_run_becomes_a_backbone_for_model_garden(
    backbone, here, run, photo, tmp_path, monkeypatch
):
    path = tmp_path / "encoder"
    backbone(f"--model_dir={run}", f"--export_path={path}", photo)
    files = encoder_files.read(str(path))
    assert (files.architecture, files.last_level) == (encoders.TINY, "4")
    expected = trained_network.load(run).network.backbone
    for checkpoint in (files.checkpoint, tf.train.latest_checkpoint(str(path))):
        restored = networks.build(files.architecture)
        status = tf.train.Checkpoint(backbone=restored).read(checkpoint)
        status.expect_partial().assert_existing_objects_matched()
        for weight, value in zip(restored.get_weights(), expected.get_weights()):
            np.testing.assert_array_equal(weight, value)
    monkeypatch.chdir(tmp_path)
    found = {"images": runs.images(), "backbone": restored}
    for snippet in _snippets(path):
        exec(snippet, found)
    maps = encoder_lib.of_folder(str(path)).endpoints(found["images"])
    np.testing.assert_allclose(found["maps"]["5"], maps["5"], rtol=1e-4)


def test_a_swin_run_becomes_a_backbone(backbone, here, photo, tmp_path, monkeypatch, capsys):
    run, path = tmp_path / "run", tmp_path / "encoder"
    runs.write_run(run, models.SWIN)
    backbone(f"--model_dir={run}", f"--export_path={path}", photo)
    files = encoder_files.read(str(path))
    assert (files.architecture, files.last_level) == (encoders.TINY_SWIN, "4")
    trained = trained_network.load(str(run)).network
    monkeypatch.chdir(tmp_path)
    found = {"images": runs.images(), "backbone": trained.backbone}
    for snippet in _snippets(path):
        exec(snippet, found)
    expected = trained(found["images"], training=False)
    np.testing.assert_allclose(found["maps"]["4"], expected["endpoints"]["4"], rtol=1e-4, atol=1e-5)
    assert "Model Garden's swin endpoints" in capsys.readouterr().out


def test_an_encoder_on_disk_becomes_tflite(tfhub, here, photo, tmp_path, monkeypatch, capsys):
    encoders.write_encoder(tmp_path / "encoder")
    path = tmp_path / "lite"
    words = [f"--encoder={tmp_path / 'encoder'}", f"--export_path={path}", "--format=tflite"]
    tfhub(*words, "--image_size=40", photo)
    files = [file_formats.TFLITE_FLOAT, file_formats.TFLITE_INT8]
    assert _names(path) == ["README.md", *files]
    *lines, _ = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == files
    exact, rounded = (float(line.split("relative ")[1].split(",")[0]) for line in lines)
    assert exact < 1e-5 < rounded < 0.1
    assert (path / files[1]).stat().st_size < (path / files[0]).stat().st_size / 2
    card = (path / "README.md").read_text()
    assert "No licence of the weights has been stated." in card
    assert "how it was trained is not known" in card
    monkeypatch.chdir(tmp_path)
    found = {"images": runs.images(1, 40, 40).numpy()}
    for snippet in _snippets(path):
        exec(snippet, found)
    assert found["features"].shape == (1, 64)


def test_an_export_that_is_not_the_network_is_not_kept(tfhub, run, photo, tmp_path, monkeypatch):
    def write_another(encoder, image_size, folder):
        other = encoders.randomise(networks.build(encoder.architecture), seed=8)
        encoder_files.write(folder, other, encoder.architecture, "a test")

    monkeypatch.setitem(file_formats.WRITERS, "saved_model", write_another)
    with pytest.raises(SystemExit) as caught:
        tfhub(f"--model_dir={run}", f"--export_path={tmp_path / 'encoder'}", photo)
    assert str(caught.value).startswith("error: The export was not kept: ")
    assert "\n" not in str(caught.value)
    assert _names(tmp_path) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--model_dir=/no/run"], "--model_dir=/no/run holds no run"),
        (["--encoder=/no/encoder"], "/no/encoder is no encoder"),
        (["--model_dir=RUN", "--checkpoint=step-9"], "--checkpoint=step-9: there is no"),
        (["--model_dir=RUN", "--verify_images=/no/*.jpg"], "--verify_images=/no/*.jpg matches no"),
        (["--model_dir=RUN", "--export_path=RUN"], "is not empty; --overwrite replaces"),
        (["--model_dir=RUN", "--export_path=RUN", "--overwrite"], "RUN holds checkpoints, which"),
    ],
)
def test_what_the_user_can_mend_is_one_line(tfhub, run, tmp_path, words, message):
    words = [word.replace("RUN", run) for word in words]
    with pytest.raises(SystemExit) as caught:
        tfhub(f"--export_path={tmp_path / 'encoder'}", *words)
    assert str(caught.value).startswith("error: ")
    assert message.replace("RUN", run) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert _names(tmp_path) == []


def test_either_a_run_or_an_encoder_is_exported(tfhub):
    for words in ([], ["--model_dir=a", "--encoder=b"]):
        with pytest.raises(flags.IllegalFlagValueError, match="model_dir"):
            tfhub("--export_path=c", *words)
