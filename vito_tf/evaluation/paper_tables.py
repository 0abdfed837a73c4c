# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""The paper's own figures for what is evaluated here, to be shown beside a user's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from vito_tf.evaluation import page


class PaperTable(NamedTuple):
    """Columns of one of the paper's tables.

    Attributes:
      source: which table.
      columns: what is measured, as the paper writes it.
      lines: method, pretraining data, and a figure for each column (None where the paper has none).
      digits: behind the point.
    """

    source: str
    columns: Sequence[str]
    lines: Sequence[tuple[str, str, Sequence[float | None]]]
    digits: int = 1

    def beside(
        self, ours: Mapping[str, Sequence[float | None]], partial: Collection[str] = ()
    ) -> page.Table:
        """The paper's lines in grey, and a line for each encoder.

        Args:
          ours: by encoder's name, a figure for each column in the paper's unit.
          partial: names of those that were evaluated on a part of the data alone.
        """
        quoted = [page.Row((method, data, *values), True) for method, data, values in self.lines]
        own = [
            page.Row((name, "part of the data" if name in partial else "evaluated here", *values))
            for name, values in ours.items()
        ]
        caption = f"{self.source}; grey: the paper's figures"
        return page.Table(caption, ("", "pretraining", *self.columns), quoted + own, self.digits)


# In %; Table 1, the lines that have a figure.
IMAGENET_A = PaperTable(
    "Table 1 (IN-A)",
    ("IN-A top-1",),
    (
        ("Supervised", "ImageNet", (2.2,)),
        ("MoCLR", "ImageNet", (3.7,)),
        ("DINO", "ImageNet", (5.0,)),
        ("Stylized-IN", "SIN+IN", (2.0,)),
        ("L2-Robust", "ImageNet", (2.1,)),
        ("VIVI", "YT8M", (0.5,)),
        ("CycleCon", "R2V2", (0.4,)),
        ("VITO", "VideoNet", (5.4,)),
    ),
)

IMAGENET_VID_ROBUST = PaperTable(
    "Table 1 (IN-Vid)",
    ("IN-Vid pm0", "IN-Vid pm10"),
    (
        ("Supervised", "ImageNet", (67.7, 52.4)),
        ("MoCLR", "ImageNet", (64.7, 50.0)),
        ("DINO", "ImageNet", (65.2, 52.0)),
        ("Stylized-IN", "SIN+IN", (68.4, 51.7)),
        ("L2-Robust", "ImageNet", (65.2, 51.6)),
        ("VIVI", "YT8M", (57.9, 36.5)),
        ("CycleCon", "R2V2", (50.4, 30.1)),
        ("VITO", "VideoNet", (70.6, 57.2)),
    ),
)

# J&F mean in %; Table 1.
DAVIS_J_AND_F = PaperTable(
    "Table 1 (DAVIS 2017)",
    ("J&F mean",),
    (
        ("Supervised", "ImageNet", (66.1,)),
        ("BYOL", "ImageNet", (66.6,)),
        ("MoCLR", "ImageNet", (65.5,)),
        ("DINO", "ImageNet", (65.3,)),
        ("VINCE", "R2V2", (66.1,)),
        ("VFS", "K400", (67.8,)),
        ("VITO", "VideoNet", (68.2,)),
    ),
)

DAVIS = PaperTable(
    "Table B.4",
    ("J mean", "F mean"),
    (
        ("Supervised", "ImageNet", (63.7, 68.4)),
        ("MoCo", "ImageNet", (63.2, 67.6)),
        ("DetCon_B", "ImageNet", (63.1, 66.4)),
        ("MoCLR", "ImageNet", (63.1, 67.8)),
        ("BYOL", "ImageNet", (63.8, 69.4)),
        ("VINCE", "Kinetics", (63.4, 67.8)),
        ("TimeCycle", "VLOG", (41.9, 39.4)),
        ("UVC", "Kinetics", (54.5, 58.1)),
        ("CRW", "K400", (64.8, 70.2)),
        ("VFS", "K400", (65.3, 70.2)),
        ("VITO", "VideoNet", (65.5, 70.8)),
    ),
)

SALIENCY = PaperTable(
    "Table 2",
    ("human alignment",),
    (
        ("MoCLR", "ImageNet", (21.4,)),
        ("Supervised", "ImageNet", (34.4,)),
        ("CLIP", "image-text pairs", (41.8,)),
        ("Harmonized (trained for alignment)", "ImageNet", (45.5,)),
        ("VITO", "VideoNet", (47.7,)),
    ),
)

HUMAN_CONSISTENCY = PaperTable(
    "Table 3",
    ("accuracy diff. ↓", "obs. consistency ↑", "ceiled error consistency ↑"),
    (
        ("Supervised", "ImageNet", (0.215, 0.511, 0.329)),
        ("MoCLR", "ImageNet", (0.190, 0.536, 0.335)),
        ("SIN+IN1K", "SIN+IN", (0.203, 0.527, 0.330)),
        ("L2-Robust", "ImageNet", (0.178, 0.544, 0.389)),
        ("R3M", "Ego4D", (0.392, 0.359, 0.054)),
        ("VITO", "VideoNet", (0.157, 0.564, 0.422)),
    ),
    digits=3,
)

IMAGENET = PaperTable(
    "Table B.3 (IN-1K)",
    ("IN-1K top-1",),
    (
        ("R3M", "Ego4D", (13.3,)),
        ("VIVI", "YT8M", (62.6,)),
        ("VINCE", "R2V2", (54.4,)),
        ("CycleContrast", "R2V2", (55.6,)),
        ("MMV TSM", "AS + HT", (51.4,)),
        ("VITO", "VideoNet", (66.2,)),
        ("Supervised", "ImageNet", (76.1,)),
        ("MoCLR", "ImageNet", (71.4,)),
        ("DINO", "ImageNet", (75.3,)),
    ),
)
