# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""From a fine-tuning run to a verified detector with its papers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

import vito_tf
from vito_tf.ingestion import markdown
from vito_tf.serving import cases, detector, publishing, references, verify
from vito_tf.transfer import reading, run_log
from vito_tf.transfer.detection import annotation_files

_MOST_IMAGES = 4
_DETECTIONS = "serving_default"

_CARD = """\
# Object detector: {source}

FCOS* (VITO, A.3) on an encoder, {num_classes} classes, trained with images of {height} × {width}
pixels. Images of any size are fitted into that and padded, inside.

## Loading

```python
import tensorflow as tf

detector = tf.saved_model.load("{name}").signatures["serving_default"]
found = detector(images)  # uint8 [B, H, W, 3] RGB
boxes = found["boxes"]  # [B, {most}, 4] (y_min, x_min, y_max, x_max) in the images' own pixels
classes = found["classes"]  # int32 [B, {most}]; -1 after the last detection
scores = found["scores"]  # [B, {most}], descending
```

The signature `float_images` takes float32 in [0, 1], `image_bytes` JPEG and PNG files, string [B];
`predictions` gives what the network says of every location of its input, before non-maximum
suppression. `{description}` has the names and the category ids of the classes, in their order.

## Measured figures

{figures}
## Verification

Reloaded in a process of its own and compared with the network on images:

{verification}

Written by vito_tf {version}.
"""


def export(
    model_dir: str,
    path: str,
    checkpoint: str | None = None,
    verify_images: str | None = None,
    overwrite: bool = False,
) -> list[str]:
    """Exports the detector of a run.

    Args:
      model_dir: of the run.
      path: of the folder to write.
      checkpoint: name in `model_dir`; None for the newest.
      verify_images: a glob of images; None for the first of the run's validation data, or, without
        records of these, photographs that are always there.
      overwrite: whether an export in the folder is replaced.

    Returns:
      A line for each kind of call, with the errors that verification found, and one with the number
      of detections that it compared.

    Raises:
      ValueError: for a run, a folder or photographs that cannot be used, or an export that does not
        compute what the network does; nothing stays then.
    """
    with publishing.published(path, overwrite) as folder:
        trained = detector.of_run(model_dir, checkpoint)
        expected = _cases(trained, _images(trained, verify_images))
        detector.write(trained, folder)
        errors = verify.in_fresh_process(folder, "saved_model", expected)
        errors.append(_compared(expected))
        evaluations = {int(one["step"]): one for one in run_log.evaluations(model_dir)}
        card = _card(trained, os.path.basename(path.rstrip("/")), evaluations, errors)
        with tf.io.gfile.GFile(os.path.join(folder, "README.md"), "w") as file:
            file.write(card)
    return errors


def _images(trained: detector.TrainedDetector, pattern: str | None) -> list[bytes]:
    """Encoded images, if possible such as the detector was made for: it is to find something."""
    records = annotation_files.records(trained.task.validation_data.input_path)
    if pattern or not records:
        return references.photographs(pattern)
    encoded = {"image/encoded": tf.io.FixedLenFeature([], tf.string)}
    examples = tf.data.TFRecordDataset(records).take(_MOST_IMAGES)
    return [tf.io.parse_single_example(one, encoded)["image/encoded"].numpy() for one in examples]


def _cases(trained: detector.TrainedDetector, images: Sequence[bytes]) -> list[cases.Case]:
    """What the network finds, and what it says of every location, on the CPU.

    Detections are those of a graph, as the export is one: a difference in the last digit may swap
    two detections of like scores.
    """
    detect = tf.function(trained.detect, autograph=False)
    result = []
    with tf.device("/CPU:0"):
        for encoded in images:
            image = reading.decode_image(tf.constant(encoded))[tf.newaxis]
            found = detect(image)
            floats = tf.cast(image, tf.float32) / 255.0
            result.append(_case("predictions", image, trained.predict(image)))
            result.append(_case(_DETECTIONS, image, found))
            result.append(_case("float_images", floats, detect(floats)))
            result.append(_case("image_bytes", np.frombuffer(encoded, np.uint8), found))
    return result


def _compared(expected: Sequence[cases.Case]) -> str:
    """How much the comparison of detections says."""
    counts = [
        int(case.expected["num_detections"].sum()) for case in expected if case.call == _DETECTIONS
    ]
    if not any(counts):
        return (
            f"nothing is found on the {len(counts)} images, so that detections have not been "
            "compared: --verify_images=GLOB names others"
        )
    return f"{sum(counts)} detections on {len(counts)} images were compared"


def _case(
    call: str, value: tf.Tensor | np.ndarray, expected: Mapping[str, tf.Tensor]
) -> cases.Case:
    return cases.Case(
        call, np.asarray(value), {name: np.asarray(output) for name, output in expected.items()}
    )


def _card(
    trained: detector.TrainedDetector,
    name: str,
    evaluations: Mapping[int, Mapping[str, float]],
    errors: Sequence[str],
) -> str:
    height, width, _ = trained.task.model.input_size
    figures = evaluations.get(trained.step, {})
    shown = [(f"`{key}`", f"{value:.4g}") for key, value in figures.items() if key != "step"]
    return _CARD.format(
        source=markdown.text(trained.source),
        num_classes=len(trained.class_names),
        height=height,
        width=width,
        name=name,
        most=trained.task.model.detection_generator.max_num_detections,
        description=detector.DESCRIPTION,
        figures=markdown.table(["Figure", "Value"], shown) if shown else "None of these weights.\n",
        verification="\n".join(f"- {line}" for line in errors),
        version=vito_tf.__version__,
    )
