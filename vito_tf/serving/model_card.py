# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The README.md of an export: what the encoder is, where it comes from, how to load it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import vito_tf
from vito_tf.backbones import networks, resnet
from vito_tf.ingestion import markdown
from vito_tf.serving import encoder as encoder_lib

_METHOD = (
    "Self-supervised pretraining of an image encoder by contrast between views of one video (or "
    "image) and those of others, with {pooling} pooling, after VITO: N. Parthasarathy, S. M. A. "
    "Eslami, J. Carreira, O. J. Hénaff, Self-supervised video pretraining yields "
    "human-aligned visual representations, NeurIPS 2023. VITO itself pools by attention."
)
_ANY_BACKBONE = """\
Under Model Garden's models, with the backbone type `encoder` of vito_tf:

```yaml
backbone: {{type: encoder, encoder: {{path: {path}}}}}
```
"""
_STOCK_BACKBONE = """
Without it, under any task of Model Garden with a `resnet` backbone of this architecture:

```yaml
task:
  init_checkpoint: {path}
  init_checkpoint_modules: backbone
  model:
    norm_activation: {{norm_epsilon: {epsilon}}}
```
"""
_LOADING = {
    "saved_model": """\
Features [B, {num_features}] in Keras, to train a head on or to fine-tune (`trainable=True`):

```python
import tensorflow_hub as hub

layer = hub.KerasLayer("{path}", trainable=False)
features = layer(images)  # [B, H, W, 3] float32 RGB in [0, 1], any size
```

All that it computes:

```python
import tensorflow as tf

encoder = tf.saved_model.load("{path}")
maps = encoder.endpoints(images)  # {{'2', '3', '4', '5'}}: [B, h, w, C]
{heads}of_files = encoder.signatures["image_bytes"](tf.constant([open("a.jpg", "rb").read()]))
of_clips = encoder.signatures["video_clip"](clips)  # [B, T, H, W, 3], averaged over the frames
```

{model_garden}""",
    "backbone": """\
{model_garden}
In Python:

```python
from vito_tf.backbones import encoder_files, networks, normalisation

encoder = encoder_files.read("{path}")
backbone = networks.build(encoder.architecture)
encoder_files.restore(backbone, encoder)
maps = backbone(normalisation.normalise(images), training=False)  # {{'2', '3', '4', '5'}}
```

Without this package:

```python
import tensorflow as tf

tf.train.Checkpoint(backbone=backbone).read(tf.train.latest_checkpoint("{path}"))
```
""",
    "tflite": """\
`encoder.float32.tflite` has float weights, `encoder.int8_weights.tflite` weights of 8 bits.

```python
import tensorflow as tf

interpreter = tf.lite.Interpreter("{path}/encoder.float32.tflite")
encode = interpreter.get_signature_runner()
features = encode(images=images)["features"]  # [1, {size}, {size}, 3] float32 RGB in [0, 1]
```
""",
    "onnx": """\
```python
import onnxruntime

session = onnxruntime.InferenceSession("{path}/encoder.onnx")
(features,) = session.run(["features"], {{"images": images}})  # [B, {size}, {size}, 3] float32
```
""",
}


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where an encoder comes from, as far as it is known.

    Attributes:
      summary: measured figures by name.
      config: text of the pretraining's configuration; '' when unknown.
      data_description: Markdown, of the data it was trained on; '' for no statement.
      licence: of the weights; '' for no statement.
    """

    summary: Mapping[str, float]
    config: str
    data_description: str
    licence: str


def model_card(
    encoder: encoder_lib.Encoder,
    file_format: str,
    image_size: int,
    name: str,
    origin: Origin,
    verification: Sequence[str],
) -> str:
    """Writes the card, in Markdown.

    Args:
      encoder: what has been exported.
      file_format: as what.
      image_size: S, to which files are cropped, or the only size.
      name: of the export's folder.
      origin: of the encoder.
      verification: lines of `verify.in_fresh_process`.
    """
    parts = [
        f"# Image encoder: {markdown.text(encoder.source)}\n",
        _facts(encoder),
        "## Method\n",
        _method(encoder),
        "## Data\n",
        (origin.data_description or _unstated(origin)) + "\n",
        "## Preprocessing\n",
        _preprocessing(encoder, file_format, image_size),
        "## Loading\n",
        _LOADING[file_format].format(
            path=name,
            size=image_size,
            num_features=encoder.num_features,
            heads=_heads(encoder),
            model_garden=_model_garden(encoder.architecture, name),
        ),
        "## Measured figures\n",
        _figures(origin.summary),
        "## Verification\n",
        "Reloaded in a process of its own and compared with the network on photographs:\n",
        "\n".join(f"- {line}" for line in verification) + "\n",
    ]
    if origin.config:
        parts += ["## Configuration\n", markdown.folded("gin", markdown.code(origin.config, ""))]
    licence = origin.licence or "No licence of the weights has been stated."
    parts += ["## Licence\n", licence + "\n", f"Written by vito_tf {vito_tf.__version__}.\n"]
    return "\n".join(parts)


def _model_garden(architecture: networks.Architecture, path: str) -> str:
    """How its models take the encoder; its own are ResNets, with TensorFlow's padding alone."""
    text = _ANY_BACKBONE.format(path=path)
    if isinstance(architecture, resnet.Architecture) and architecture.padding == "same":
        text += _STOCK_BACKBONE.format(path=path, epsilon=f"{architecture.norm_epsilon:.1e}")
    return text


def _method(encoder: encoder_lib.Encoder) -> str:
    if encoder.network is None:
        return "An encoder on disk; how it was trained is not known here.\n"
    return _METHOD.format(pooling=encoder.network.pooling) + "\n"


def _facts(encoder: encoder_lib.Encoder) -> str:
    levels = ", ".join(encoder.network.levels) if encoder.network is not None else "not known"
    rows = {
        **_network(encoder.architecture),
        "Parameters, all levels": f"{_count(encoder.backbone.trainable_variables):,}",
        "Parameters, features": f"{_count(encoder.pooled_part.trainable_variables):,}",
        "Features": f"{encoder.num_features}, average of level {encoder.last_level}",
        "Levels pooled in pretraining": levels,
    }
    table = markdown.table(["Encoder", " "], rows.items())
    if encoder.last_level != "5":
        table += (
            f"\nPretraining reached level {encoder.last_level}; deeper levels are in the files as "
            "they were initialised, for networks that go on to train them.\n"
        )
    return table


def _network(architecture: networks.Architecture) -> dict[str, str]:
    if isinstance(architecture, resnet.Architecture):
        return {
            "Architecture": f"ResNet-{architecture.model_id}",
            "Width": f"× {architecture.depth_multiplier:g}",
            "Padding": architecture.padding,
        }
    return {
        "Architecture": "Swin transformer",
        "Channels of levels 2 to 5": ", ".join(map(str, architecture.channels)),
        "Blocks": ", ".join(map(str, architecture.depths)),
        "Attention heads": ", ".join(map(str, architecture.num_heads)),
        "Window": f"{architecture.window_size} × {architecture.window_size}",
    }


def _count(variables: Sequence) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


def _unstated(origin: Origin) -> str:
    where = " beyond what the configuration names" if origin.config else ""
    return f"Nothing has been stated of the data{where}."


def _preprocessing(encoder: encoder_lib.Encoder, file_format: str, image_size: int) -> str:
    if file_format == "backbone":
        return (
            "Images are RGB, standardised by ImageNet's mean (0.485, 0.456, 0.406) and deviation "
            "(0.229, 0.224, 0.225) of values in [0, 1], as Model Garden's parsers do.\n"
        )
    text = "Images are float32 RGB in [0, 1]; standardisation is inside. "
    if file_format == "saved_model":
        return text + (
            "Any size will do. The signature `image_bytes` takes JPEG and PNG files and crops the "
            "central square of 224/256 of the shorter side, resized to "
            f"{image_size} × {image_size} with bicubic interpolation.\n"
        )
    return text + (
        f"Their size is {image_size} × {image_size}; in the evaluation protocols they are the "
        "central square of 224/256 of a picture's shorter side, resized with bicubic "
        "interpolation.\n"
    )


def _heads(encoder: encoder_lib.Encoder) -> str:
    lines = []
    if encoder.has_attention:
        lines.append("masks = encoder.attention(images)  # one a level, 'mean': [B, H, W]\n")
    if encoder.network is not None:
        lines.append("projections = encoder.embed(images)  # [B, D], not normalised\n")
    return "".join(lines)


def _figures(summary: Mapping[str, float]) -> str:
    if not summary:
        return "None: the weights come from no finished run.\n"
    return markdown.table(["Figure", "Value"], [(f"`{k}`", f"{v:.6g}") for k, v in summary.items()])
