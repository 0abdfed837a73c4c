# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Whether the detector learns: outside the suite, since it takes minutes.

Without --encoder: a small network of random weights is to find the objects of a few dozen pictures
that it is trained on, with AP50 above 0.9; with ATSS alone (FCOS's head and centre-ness), and with
all of FCOS*. The command fails if one does not.

With --encoder: the same short schedule, on more pictures, from that encoder and from random weights
of the same network, with each of several seeds; AP on other pictures. The command fails if the
encoder's mean is not the higher one.

  python -m tests.overfit_detector --output=runs/overfit
  python -m tests.overfit_detector --output=runs/overfit --encoder=exports/quickstart
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time

from vito_tf import environment

environment.prepare()

import tensorflow as tf

from vito_tf.backbones import encoder_files, networks
from vito_tf.procedural import detection
from vito_tf.transfer import conversion, experiment_params, finetuning, registry  # noqa: F401
from vito_tf.transfer.datasets import coco

GOAL = 0.9
SIZE = (128, 160)
SEEDS = (0, 1, 2)
NUM_TO_OVERFIT = 36
NUM_TO_TRAIN, NUM_TO_VALIDATE = 240, 120
CONFIG = "gin_configs/finetune/quickstart_fcos.yaml"
SMALL_RESNET = {"model_id": 10, "depth_multiplier": 0.25}
SYSTEMS: dict[str, dict] = {
    "atss": {
        "model": {"head": {"type": "fcos", "quality": "centreness"}},
        "assignment": {"type": "atss"},
    },
    "fcos_star": {},
}


def make_records(output: str, num_train: int, num_val: int) -> str:
    """Writes pictures and converts them; returns the folder of the records."""
    pictures, records = (os.path.join(output, name) for name in ("pictures", "records"))
    if not os.path.exists(os.path.join(records, conversion.INFO_FILE)):
        detection.write(pictures, num_train, num_val, SIZE)
        conversion.convert(coco.read_format(pictures), records, items_per_shard=64)
    return records


def schedule(steps: int, evaluations: int) -> dict:
    """The trainer's part of the parameters: warm-up, and the drops of A.3."""
    rates = {"stepwise": {"boundaries": [steps * 2 // 3, steps * 8 // 9]}}
    return {
        "train_steps": steps,
        "validation_interval": steps // evaluations,
        "checkpoint_interval": steps // evaluations,
        "optimizer_config": {"learning_rate": rates},
    }


def run(records: str, folder: str, task: dict, steps: int, seed: int, evaluations: int = 1) -> dict:
    """Fine-tunes with what differs from the quickstart's configuration; returns the figures."""
    overrides = json.dumps({"task": task, "trainer": schedule(steps, evaluations)})
    params = experiment_params.read("vito_fcos_coco", [CONFIG], overrides, data=records)
    started = time.monotonic()
    results = finetuning.finetune(params, "train_and_eval", folder, [seed])
    print(f"{folder}: {(time.monotonic() - started) / 60:.1f} minutes")
    return results["runs"][str(seed)]


def overfit(output: str, steps: int) -> bool:
    """Trains and evaluates on the same pictures; returns whether all systems reach the goal."""
    records = make_records(output, NUM_TO_OVERFIT, 1)
    reached = True
    for name, system in SYSTEMS.items():
        task = {
            **system,
            "validation_data": {"input_path": "train-*.tfrecord"},
            "model": {**system.get("model", {}), "backbone": {"encoder": SMALL_RESNET}},
        }
        figures = run(records, os.path.join(output, name), task, steps, 0, evaluations=3)
        print(f"{name}: AP50 {figures['AP50']:.3f}, AP {figures['AP']:.3f}")
        reached &= figures["AP50"] > GOAL
    return reached


def random_encoder(like: str, folder: str, seed: int) -> str:
    """Writes an encoder of the network of another, with random weights; returns its folder."""
    if not os.path.exists(os.path.join(folder, encoder_files.DESCRIPTION)):
        files = encoder_files.read(like)
        tf.keras.utils.set_random_seed(seed)
        backbone = networks.build(files.architecture)
        encoder_files.write(folder, backbone, files.architecture, "random", files.last_level)
    return folder


def compare(output: str, encoder: str, steps: int) -> bool:
    """Starts from the encoder and from random weights; returns whether the former is better."""
    records = make_records(output, NUM_TO_TRAIN, NUM_TO_VALIDATE)
    figures: dict[str, list[float]] = {"pretrained": [], "random": []}
    for seed in SEEDS:
        random = random_encoder(encoder, os.path.join(output, f"random_{seed}"), seed)
        for name, path in (("pretrained", encoder), ("random", random)):
            folder = os.path.join(output, f"{name}_seed_{seed}")
            task = {"model": {"backbone": {"encoder": {"path": path}}}}
            figures[name].append(run(records, folder, task, steps, seed)["AP"])
            print(f"{name}, seed {seed}: AP {figures[name][-1]:.4f}")
    for name, values in figures.items():
        print(f"{name}: AP {statistics.mean(values):.4f} ± {statistics.stdev(values):.4f}")
    return statistics.mean(figures["pretrained"]) > statistics.mean(figures["random"])


def main() -> None:
    """Does what the arguments ask for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--output", required=True, help="Folder for pictures, records and runs.")
    parser.add_argument("--encoder", help="Folder of an encoder, to compare with random weights.")
    parser.add_argument("--steps", type=int, help="Of training; 900, or 300 with --encoder.")
    asked = parser.parse_args()
    if asked.encoder:
        done = compare(os.path.join(asked.output, "compare"), asked.encoder, asked.steps or 300)
    else:
        done = overfit(os.path.join(asked.output, "overfit"), asked.steps or 900)
    sys.exit(0 if done else 1)


if __name__ == "__main__":
    main()
