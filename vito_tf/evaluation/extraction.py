# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""What an encoder gives of a set of images: computed once, cached by content."""

from __future__ import annotations

import collections
import concurrent.futures
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Callable, NamedTuple

import numpy as np
import tensorflow as tf

from vito_tf import progress
from vito_tf.evaluation import data_errors, feature_store, image_sets, preprocessing
from vito_tf.evaluation.encoders import encoder as encoder_lib

FEATURES = "features"
_VERSION = 1
"""Of what is cached; to be raised when the same input would give other values."""
_IMAGES_PER_SHARD = 1024
_GRAPH = re.compile(r"\{\{.*?\}\} *")
_ASSERTION = re.compile(r"^assertion failed: \[(.*)\]$")
_THREADS = os.cpu_count() or 1


class Extracted(NamedTuple):
    """Figures of N images, in the order of their set.

    Attributes:
      values: float32 [N, D].
      labels: int64 [N].
      names: of the images.
      left_out: images that could not be used.
    """

    values: np.ndarray
    labels: np.ndarray
    names: Sequence[str]
    left_out: Sequence[data_errors.LeftOut]


class Batch(NamedTuple):
    """Some images, prepared.

    Attributes:
      images: float32 [B, S, S, 3] in [0, 1]; the last batch may be smaller.
      labels: int64 [B].
      names: of the images.
    """

    images: np.ndarray
    labels: np.ndarray
    names: Sequence[str]


class _Item(NamedTuple):
    name: str
    encoded: bytes
    label: int
    digest: bytes


class Extractor:
    """Runs encoders over sets of images."""

    def __init__(self, cache: str, batch_size: int = 32):
        """Args:
        cache: local folder, for what is computed.
        batch_size: images a pass.
        """
        self._cache = cache
        self._batch_size = batch_size
        self._passes: dict[tuple[str, int, str], Callable[[tf.Tensor], tf.Tensor]] = {}

    def extract(
        self,
        encoder: encoder_lib.Encoder,
        images: image_sets.ImageSet,
        how: preprocessing.Preprocessing,
        output: str = FEATURES,
        image_size: int | None = None,
    ) -> Extracted:
        """Features or logits of every image that can be decoded.

        Args:
          encoder: what computes them.
          images: read once, in order.
          how: images are cropped and resized.
          output: FEATURES or `encoder.LOGITS`.
          image_size: S; the encoder's own by default.

        Raises:
          DataError: records are damaged, no image can be used, or a value is not finite.
          UnsupportedError: the encoder has no such output.
        """
        if output == encoder_lib.LOGITS:
            encoder.require(encoder_lib.LOGITS)
        size = image_size or encoder.image_size
        store = feature_store.FeatureStore(self._folder(encoder, how, size, output))
        kept: list[tuple[str, int, bytes]] = []
        unusable: dict[bytes, str] = {}
        description = f"{encoder.name}: {images.name}"
        with progress.bar(total=images.size, desc=description, unit="image") as bar:

            def new_items() -> Iterator[_Item]:
                seen = set()
                for item in _items(images):
                    bar.update()
                    kept.append((item.name, item.label, item.digest))
                    if item.digest not in store and item.digest not in seen:
                        seen.add(item.digest)
                        yield item

            def skip(item: _Item, reason: str) -> None:
                unusable[item.digest] = reason

            prepared = self._prepared(new_items(), how, size, skip)
            self._compute(encoder, prepared, size, output, store)
        rows = [row for row in kept if row[2] not in unusable]
        left_out = [
            data_errors.LeftOut(name, unusable[digest])
            for name, _, digest in kept
            if digest in unusable
        ]
        if not rows:
            reason = f" ({left_out[0].name}: {left_out[0].reason})" if left_out else ""
            raise data_errors.DataError(f"{images.name}: no image can be used{reason}.")
        names, labels, digests = zip(*rows)
        return Extracted(store.get(digests), np.array(labels, np.int64), names, left_out)

    def batches(
        self,
        images: image_sets.ImageSet,
        how: preprocessing.Preprocessing,
        image_size: int,
        left_out: list[data_errors.LeftOut],
    ) -> Iterator[Batch]:
        """Prepared images, with a progress bar.

        Args:
          images: read once, in order.
          how: images are cropped and resized.
          image_size: S.
          left_out: receives the images that cannot be decoded.
        """

        def skip(item: _Item, reason: str) -> None:
            left_out.append(data_errors.LeftOut(item.name, reason))

        with progress.bar(total=images.size, desc=images.name, unit="image") as bar:
            prepared = self._prepared(_items(images), how, image_size, skip)
            for items, views in _in_batches(prepared, self._batch_size):
                labels = np.array([item.label for item in items], np.int64)
                yield Batch(tf.stack(views).numpy(), labels, [item.name for item in items])
                bar.update(len(items))

    def _folder(
        self,
        encoder: encoder_lib.Encoder,
        how: preprocessing.Preprocessing,
        size: int,
        output: str,
    ) -> str:
        key = json.dumps([_VERSION, encoder.identity, how.name, size, output])
        return os.path.join(self._cache, hashlib.sha256(key.encode()).hexdigest()[:32])

    def _prepared(
        self,
        items: Iterable[_Item],
        how: preprocessing.Preprocessing,
        size: int,
        skip: Callable[[_Item, str], None],
    ) -> Iterator[tuple[_Item, tf.Tensor]]:
        """Decodes on all processors, at most two batches ahead of what is used."""
        view = _view(how, size)
        ahead = 2 * self._batch_size
        waiting: collections.deque[tuple[_Item, concurrent.futures.Future]] = collections.deque()

        def finished() -> Iterator[tuple[_Item, tf.Tensor]]:
            item, future = waiting.popleft()
            try:
                yield item, future.result()
            except tf.errors.OpError as error:
                skip(item, _reason(error))

        with concurrent.futures.ThreadPoolExecutor(_THREADS) as pool:
            for item in items:
                waiting.append((item, pool.submit(view, item.encoded)))
                if len(waiting) > ahead:
                    yield from finished()
            while waiting:
                yield from finished()

    def _compute(
        self,
        encoder: encoder_lib.Encoder,
        prepared: Iterable[tuple[_Item, tf.Tensor]],
        size: int,
        output: str,
        store: feature_store.FeatureStore,
    ) -> None:
        """Passes images through the encoder, and stores what comes out."""
        forward = self._forward(encoder, size, output)
        digests: list[bytes] = []
        values: list[np.ndarray] = []

        def flush() -> None:
            if digests:
                store.add(digests, np.concatenate(values))
                digests.clear()
                values.clear()

        try:
            for items, views in _in_batches(prepared, self._batch_size):
                new = forward(tf.stack(views)).numpy()
                finite = np.isfinite(new).all(axis=1)
                if not finite.all():
                    name = items[int(np.argmin(finite))].name
                    raise data_errors.DataError(
                        f"{encoder.name} gives {output} that are not finite, first for {name}."
                    )
                digests.extend(item.digest for item in items)
                values.append(new)
                if len(digests) >= _IMAGES_PER_SHARD:
                    flush()
        finally:
            flush()

    def _forward(
        self, encoder: encoder_lib.Encoder, size: int, output: str
    ) -> Callable[[tf.Tensor], tf.Tensor]:
        """The encoder's graph, traced once."""

        def forward(images: tf.Tensor) -> tf.Tensor:
            return tf.cast(getattr(encoder(images), output), tf.float32)

        key = (encoder.identity, size, output)
        if key not in self._passes:
            signature = [tf.TensorSpec([None, size, size, 3], tf.float32)]
            self._passes[key] = tf.function(forward, signature, autograph=False)
        return self._passes[key]


def _items(images: image_sets.ImageSet) -> Iterator[_Item]:
    try:
        for row in images.read().prefetch(tf.data.AUTOTUNE).as_numpy_iterator():
            name = row["name"].decode("utf-8", "replace")
            digest = hashlib.sha256(row["image"]).digest()
            yield _Item(name, row["image"], int(row["label"]), digest)
    except tf.errors.OpError as error:  # Damaged records.
        raise data_errors.DataError(f"{images.name} cannot be read: {_reason(error)}.") from error


def _in_batches(pairs: Iterable[tuple[Any, Any]], size: int) -> Iterator[tuple[list, list]]:
    """Lists of the pairs' first and second members, `size` of them or, in the end, fewer."""
    batch: list[tuple[Any, Any]] = []
    for pair in pairs:
        batch.append(pair)
        if len(batch) == size:
            yield [first for first, _ in batch], [second for _, second in batch]
            batch = []
    if batch:
        yield [first for first, _ in batch], [second for _, second in batch]


@functools.cache
def _view(how: preprocessing.Preprocessing, size: int) -> Callable[[bytes], tf.Tensor]:
    signature = [tf.TensorSpec([], tf.string)]
    return tf.function(lambda image: how.view(image, size), signature, autograph=False)


def _reason(error: tf.errors.OpError) -> str:
    """What was wrong with an image, in one line, without TensorFlow's account of its graph."""
    line = _GRAPH.sub("", str(error.message).strip().splitlines()[0])
    return _ASSERTION.sub(r"\1", line) or "cannot be decoded"
