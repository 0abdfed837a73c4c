# Copyright 2026 The vito_tf Authors.
# SPDX-License-Identifier: Apache-2.0
"""Which videos are kept, and as what."""

import gin
import numpy as np
import pytest

from vito_tf.curation.verification import Verdict, Verification


def frames(*rows):
    return np.array(rows, np.float32)


CAT_DOG_FOX = frames((0.6, 0.3, 0.1), (0.2, 0.5, 0.3), (0.3, 0.6, 0.1), (0.1, 0.2, 0.7))


@pytest.mark.parametrize(
    ("options", "labels", "expected"),
    [
        ({}, [0], Verdict(0, 0.25)),
        ({}, [1], Verdict(1, 0.5)),
        ({}, [0, 1], Verdict(1, 0.5)),
        ({}, [0, 2], Verdict(0, 0.25)),  # As many frames, and the larger mean probability.
        ({"num_frames": 3}, [2], Verdict(-1, 0.0)),
        ({"min_frames": 2}, [0], Verdict(-1, 0.25)),
        ({"min_frames": 2}, [0, 1], Verdict(1, 0.5)),
        ({"top_k": 2}, [0], Verdict(0, 0.5)),
        ({"top_k": 3}, [2], Verdict(2, 1.0)),
        ({"min_probability": 0.65}, [0, 1, 2], Verdict(2, 0.25)),
        ({"min_probability": 0.75}, [0, 1, 2], Verdict(-1, 0.0)),
        ({"min_probability": 0.55, "num_frames": 2}, [0, 1], Verdict(0, 0.5)),
    ],
)
def test_counted_frames(options, labels, expected):
    assert Verification(**options).decide(CAT_DOG_FOX, labels) == expected


@pytest.mark.parametrize(
    ("options", "labels", "expected"),
    [
        ({}, [0, 1, 2], (1, 0.4)),
        ({}, [0], (-1, 0.3)),
        ({"top_k": 2}, [0], (0, 0.3)),
        ({"min_probability": 0.39}, [1], (1, 0.4)),
        ({"min_probability": 0.41}, [1], (-1, 0.4)),
        ({"num_frames": 1}, [0, 1], (0, 0.6)),
    ],
)
def test_averaged_frames(options, labels, expected):
    verdict = Verification(average=True, **options).decide(CAT_DOG_FOX, labels)
    assert verdict == pytest.approx(expected)


def test_equal_probabilities_count_once():
    uniform = np.full((5, 4), 0.25, np.float32)
    verification = Verification()
    assert verification.decide(uniform, [0, 3]) == Verdict(0, 1.0)
    assert verification.decide(uniform, [3]) == Verdict(-1, 0.0)
    assert Verification(top_k=4).decide(uniform, [3, 0]) == Verdict(3, 1.0)


def test_nothing_to_go_by():
    assert Verification().decide(CAT_DOG_FOX, []) == Verdict(-1, 0.0)
    assert Verification().decide(np.zeros((0, 3), np.float32), [1]) == Verdict(-1, 0.0)
    unknown = np.full((2, 3), np.nan, np.float32)
    assert Verification().decide(unknown, [1]).label == -1


@pytest.mark.parametrize("average", [False, True])
def test_against_slow_loops(average):
    generator = np.random.default_rng(5)
    for _ in range(200):
        probabilities = generator.dirichlet(np.full(6, 0.7), generator.integers(1, 12))
        probabilities = probabilities.round(1).astype(np.float32)  # So that there are ties.
        labels = list(generator.permutation(6)[: generator.integers(1, 5)])
        num_frames, top_k = generator.integers(1, 12), generator.integers(1, 4)
        verification = Verification(
            num_frames=num_frames,
            min_frames=1 if average else generator.integers(1, num_frames + 1),
            top_k=top_k,
            min_probability=generator.choice([0.0, 0.2, 0.5]),
            average=average,
        )
        expected = slow_verdict(verification, probabilities.astype(np.float64), labels)
        assert verification.decide(probabilities, labels) == expected


def slow_verdict(verification, probabilities, labels):
    """Sorts the classes of every frame, and the candidates."""
    frames_seen = [list(row) for row in probabilities[: verification.num_frames]]
    means = [float(np.mean([row[label] for row in frames_seen])) for label in range(6)]
    judged = [means] if verification.average else frames_seen
    candidates = []
    for place, label in enumerate(labels):
        shown = 0
        for row in judged:
            order = sorted((-probability, other) for other, probability in enumerate(row))
            among_first = label in [other for _, other in order[: verification.top_k]]
            shown += among_first and row[label] >= verification.min_probability
        score = means[label] if verification.average else shown / len(frames_seen)
        candidates.append((shown >= verification.min_frames, shown, means[label], -place, score))
    passed, _, _, place, score = max(candidates)
    return Verdict(labels[-place] if passed else -1, score)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_frames": 0}, r"Verification.num_frames must be in \[1, 10000\]"),
        ({"min_frames": 101}, r"Verification.min_frames must be in \[1, 100\]"),
        ({"min_frames": 2, "average": True}, r"Verification.min_frames must be in \[1, 1\]"),
        ({"top_k": 0}, "Verification.top_k"),
        ({"min_probability": 1.5}, "Verification.min_probability"),
    ],
)
def test_settings_outside_their_range(options, message):
    with pytest.raises(ValueError, match=message):
        Verification(**options)


def test_unknown_label():
    with pytest.raises(ValueError, match=r"\[0, 3\)"):
        Verification().decide(CAT_DOG_FOX, [3])


def test_gin_configures_it():
    gin.parse_config("Verification.min_frames = 3")
    assert Verification().min_frames == 3
