# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Tests of the list of skipped clips."""

import concurrent.futures

import pytest
import tensorflow as tf

from vito_tf.video.skipped import SkipLog, TooManySkippedError, plain_errors


def read_list(path):
    return [tuple(line.split("\t")) for line in path.read_text().splitlines()]


def test_lists_each_name_once_also_after_a_restart(tmp_path, caplog):
    path = tmp_path / "model" / "skipped.tsv"
    log = SkipLog(str(path))
    log.skip("a.mp4", "broken\tin\ntwo")
    log.skip("a.mp4", "broken again")
    log.skip("b.mp4", "short")
    assert read_list(path) == [("a.mp4", "broken in two"), ("b.mp4", "short")]
    assert log.reasons == {"a.mp4": "broken in two", "b.mp4": "short"}
    assert [record.getMessage() for record in caplog.records] == [
        "Skipped a.mp4: broken in two",
        "Skipped b.mp4: short",
    ]

    restarted = SkipLog(str(path))
    assert restarted.reasons == {}
    restarted.skip("b.mp4", "short")
    restarted.skip("c.mp4", "empty")
    assert [name for name, _ in read_list(path)] == ["a.mp4", "b.mp4", "c.mp4"]
    assert list(restarted.reasons) == ["b.mp4", "c.mp4"]


def test_no_file_without_failures(tmp_path):
    log = SkipLog(str(tmp_path / "skipped.tsv"))
    log.use()
    log.check(final=True)
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_no_unicode(tmp_path):
    path = tmp_path / "skipped.tsv"
    name = b"caf\xe9.mp4".decode(errors="surrogateescape")
    SkipLog(str(path)).skip(name, "broken")
    SkipLog(str(path)).skip(name, "broken")
    assert path.read_bytes() == b"caf\xe9.mp4\tbroken\n"


@pytest.mark.parametrize(
    ("used", "failed", "final", "stops"),
    [
        (9, 10, False, False),  # too few to tell
        (9, 11, False, True),
        (10, 10, False, False),  # exactly the share
        (2, 3, False, False),
        (2, 3, True, True),
        (3, 2, True, False),
        (0, 1, True, True),
        (0, 0, True, False),
    ],
)
def test_stops_when_the_share_is_too_large(tmp_path, used, failed, final, stops):
    log = SkipLog(str(tmp_path / "s.tsv"), max_share=0.5, min_attempts=20, binding="train.share")
    log.use(used)
    for index in range(failed):
        log.skip(f"{index}.mp4", "broken")
    if not stops:
        log.check(final)
        return
    with pytest.raises(TooManySkippedError, match=rf"train.share = 0.5.*{failed - 1}.mp4: broken"):
        log.check(final)


def test_epochs_do_not_change_the_share(tmp_path):
    log = SkipLog(str(tmp_path / "s.tsv"), max_share=0.5)
    for _ in range(100):
        log.use(6)
        for name in "abcd":
            log.skip(name, "broken")
        log.check()
    assert len(log.reasons) == 4


def test_nothing_left_is_an_error_whatever_the_share(tmp_path):
    log = SkipLog(str(tmp_path / "s.tsv"), max_share=1.0)
    log.skip("a", "broken")
    log.check()
    with pytest.raises(TooManySkippedError):
        log.check(final=True)


def test_share_outside_range(tmp_path):
    with pytest.raises(ValueError, match=r"train.share must be in \[0, 1\], got 2"):
        SkipLog(str(tmp_path / "s.tsv"), max_share=2, binding="train.share")


def test_threads(tmp_path):
    path = tmp_path / "skipped.tsv"
    log = SkipLog(str(path))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: log.skip(f"{i % 50}.mp4", "broken"), range(1000)))
    assert sorted(read_list(path)) == sorted((f"{i}.mp4", "broken") for i in range(50))


def test_attempts_in_a_graph_count(tmp_path):
    log = SkipLog(str(tmp_path / "s.tsv"), max_share=0.5, min_attempts=4)

    def use(number):
        log.use_in_graph()
        return number

    assert len(list(tf.data.Dataset.range(3).map(use, num_parallel_calls=2))) == 3
    for name in "abc":
        log.skip(name, "broken")
    log.check()
    log.skip("d", "broken")
    with pytest.raises(TooManySkippedError, match="4 of 7"):
        log.check()
    log.use(100)
    with pytest.raises(TooManySkippedError):
        log.check()


def fit(dataset):
    """Trains on a data set as a run does."""

    class Model(tf.keras.Model):
        def train_step(self, batch):
            loss = tf.reduce_sum(tf.cast(batch, tf.float32))
            tf.debugging.assert_less(loss, 5.0, "the model failed")
            return {"loss": loss}

    strategy = tf.distribute.OneDeviceStrategy("/CPU:0")
    with strategy.scope():
        model = Model()
        model.compile()
    batches = strategy.distribute_datasets_from_function(lambda context: dataset.repeat())
    model.fit(batches, steps_per_epoch=10, verbose=0)


def iterate(dataset):
    for _ in dataset:
        pass


@pytest.mark.parametrize("run", [fit, iterate])
def test_plain_error_of_the_limit(tmp_path, run):
    log = SkipLog(str(tmp_path / "s.tsv"), min_attempts=1)

    def skip(number):
        log.skip("a.mp4", "broken")
        log.check()
        return number

    dataset = tf.data.Dataset.range(3).map(lambda n: tf.numpy_function(skip, [n], tf.int64))
    with (
        pytest.raises(TooManySkippedError, match=r"(\d) of \1 .* a\.mp4: broken$"),
        plain_errors(log),
    ):
        run(dataset)


@pytest.mark.parametrize("run", [fit, iterate])
def test_plain_errors_of_the_data(tmp_path, run):
    log = SkipLog(str(tmp_path / "s.tsv"))
    jpegs = tf.data.Dataset.from_tensors(b"\xff\xd8\xff no header \xff\xd9")
    with (
        pytest.raises(
            ValueError,
            match=r"^Reading the data failed: jpeg::Uncompress failed. Invalid JPEG .*\.$",
        ),
        plain_errors(log),
    ):
        run(jpegs.map(tf.io.decode_jpeg))

    def refuse(number):
        with tf.control_dependencies([tf.debugging.Assert(number < 0, ["a.rec is damaged."])]):
            return tf.identity(number)

    with (
        pytest.raises(ValueError, match=r"^Reading the data failed: a\.rec is damaged\.$"),
        plain_errors(log),
    ):
        run(tf.data.Dataset.range(3).map(refuse))

    (tmp_path / "a.rec").write_bytes(b"x" * 100)
    with (
        pytest.raises(ValueError, match=r"^Reading the data failed: corrupted record at 0"),
        plain_errors(log),
    ):
        run(tf.data.TFRecordDataset(str(tmp_path / "a.rec")).map(tf.io.decode_jpeg))


def test_errors_of_the_model_stay(tmp_path):
    with (
        pytest.raises(tf.errors.InvalidArgumentError, match="the model failed"),
        plain_errors(SkipLog(str(tmp_path / "s.tsv"))),
    ):
        fit(tf.data.Dataset.range(10))
