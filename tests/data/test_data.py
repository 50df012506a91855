"""The built-in sets, files of the user, and fitting both to a network."""

from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np
import pytest

from symbp.data import (
    NAMES,
    Dataset,
    dataset,
    fit_target,
    fit_to,
    from_file,
    is_small,
    made_up,
    npz_bytes,
)
from symbp.errors import InputError


def digest(data: Dataset) -> str:
    targets = data.t.values() if isinstance(data.t, dict) else [data.t]
    return hashlib.sha256(b"".join(a.tobytes() for a in (data.x, *targets))).hexdigest()


@pytest.mark.parametrize("name", NAMES)
def test_a_built_in_set_has_the_same_bytes_every_time(name):
    assert digest(dataset(name)) == digest(dataset(name))


@pytest.mark.parametrize(
    ("name", "x", "t", "classes"),
    [
        ("xor", (4, 2), (4,), 2),
        ("spirals", (128, 2), (128,), 2),
        ("sine", (64, 1), (64, 1), None),
        ("iris", (150, 4), (150,), 3),
        ("digits", (1797, 64), (1797,), 10),
        ("copy", (256, 8), (256, 8), 5),
        ("parity", (256, 8), (256, 8), 2),
        ("sonnets", (618, 32), (618, 32), 36),
    ],
)
def test_shapes_of_the_built_in_sets(name, x, t, classes):
    data = dataset(name)
    assert (data.x.shape, data.t.shape, data.classes) == (x, t, classes)


@pytest.mark.parametrize(
    ("name", "scale", "checksum"),
    [  # SHA-256 of data (<f8) and target (<i8) of scikit-learn 1.7's load_iris and load_digits
        ("iris", 1, "aa06b8008ceba42efc654be0f83fdafc786239c9e8f13146044d078f5aab8f23"),
        ("digits", 16, "f6d9e39f37dc45d327f6db33428ee58970ccceabb2535a5c179de35886b70443"),
    ],
)
def test_stored_sets_are_those_of_scikit_learn(name, scale, checksum):
    data = dataset(name)
    rows = (data.x * scale).astype("<f8").tobytes() + np.asarray(data.t).astype("<i8").tobytes()
    assert hashlib.sha256(rows).hexdigest() == checksum


def test_stored_sets_are_small_and_say_whose_they_are():
    files = [resources.files("symbp.data") / name for name in ("iris.csv", "digits.npz")]
    assert sum(len(file.read_bytes()) for file in files) < 100_000
    for name in ("iris", "digits"):
        assert "UCI" in dataset(name).note and "CC BY 4.0" in dataset(name).note


def test_parity_counts_the_ones_so_far():
    data = dataset("parity")
    np.testing.assert_array_equal(data.t[:, -1], data.x.sum(axis=1) % 2)


def test_copy_says_the_tokens_again():
    data = dataset("copy")
    np.testing.assert_array_equal(data.t[:, 4:], data.x[:, :4])


def test_the_sonnets_ask_for_the_character_that_comes_next():
    data = dataset("sonnets")
    np.testing.assert_array_equal(data.t.ravel()[:-1], data.x.ravel()[1:])
    text = (resources.files("symbp.data") / "sonnets.txt").read_text(encoding="ascii").lower()
    alphabet = sorted(set(text))
    line = "".join(alphabet[code] for code in data.x[0])
    assert line == "from fairest creatures we desire"
    assert data.vocabulary == len(alphabet)


def test_the_text_is_32_sonnets_of_14_lines_in_plain_characters():
    text = (resources.files("symbp.data") / "sonnets.txt").read_text(encoding="ascii")
    assert [len(poem.splitlines()) for poem in text.split("\n\n")] == [14] * 32
    assert not any(line != line.strip() for line in text.splitlines())
    assert "Shakespeare (1609)" in dataset("sonnets").note


def test_shapes_lie_in_their_boxes_brighter_than_all_around():
    data = dataset("shapes")
    assert (data.x.shape, data.t["kind"].shape, data.t["box"].shape) == (
        (600, 1, 12, 12), (600,), (600, 4),
    )  # fmt: skip
    for image, box in zip(data.x[:, 0], data.t["box"], strict=True):
        left, top, right, bottom = np.round(12 * box).astype(int)
        bright = image >= 0.5
        assert bright[top:bottom, left:right].sum() == bright.sum() > 0
        assert bright[top, left:right].any() and bright[bottom - 1, left:right].any()
        assert bright[top:bottom, left].any() and bright[top:bottom, right - 1].any()


def test_shapes_of_one_size_differ_between_the_kinds():
    data = dataset("shapes")
    size = np.round(12 * (data.t["box"][:, 2] - data.t["box"][:, 0])).astype(int)
    area = (data.x >= 0.5).sum(axis=(1, 2, 3))
    for side, areas in {5: {25, 21, 9}, 7: {49, 37, 13}}.items():
        found = [set(area[(size == side) & (data.t["kind"] == kind)]) for kind in range(3)]
        assert set().union(*found) == areas and all(len(one) == 1 for one in found)


def test_made_up_images_come_from_a_stream_that_numpy_keeps():
    stream = np.random.PCG64(0).random_raw(2).tolist()
    assert stream == [11749869230777074271, 4976686463289251617]


def test_targets_of_several_outputs_are_classes_and_numbers():
    data = dataset("shapes")
    kinds, boxes = fit_target(data, (3,), name="kind"), fit_target(data, (4,), name="box")
    np.testing.assert_array_equal(kinds.argmax(axis=1), data.t["kind"])
    np.testing.assert_array_equal(boxes, data.t["box"])
    with pytest.raises(InputError, match=r"targets of shape \[4\], but the output is \[2\]"):
        fit_target(data, (2,), name="box")


def test_an_unknown_set_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match="unknown data set 'mnist'; known: xor, spirals"):
        dataset("mnist")


def test_labels_become_one_hot_rows():
    _, t = fit_to(dataset("iris"), input_shape=(4,), output_shape=(3,))
    assert t.shape == (150, 3) and (t.sum(axis=1) == 1).all()
    np.testing.assert_array_equal(t.argmax(axis=1), dataset("iris").t)


def test_two_classes_become_a_column_for_one_unit():
    _, t = fit_to(dataset("xor"), input_shape=(2,), output_shape=(1,))
    np.testing.assert_array_equal(t, [[0], [1], [1], [0]])


def test_two_classes_become_signs_for_a_hinge():
    _, t = fit_to(dataset("xor"), input_shape=(2,), output_shape=(1,), signs=True)
    np.testing.assert_array_equal(t, [[-1], [1], [1], [-1]])


def test_labels_stay_integers_where_asked():
    _, t = fit_to(dataset("digits"), input_shape=(64,), output_shape=(10,), integer_targets=True)
    assert t.dtype == np.int64 and t.shape == (1797,)


def test_digits_fit_an_image():
    x, _ = fit_to(dataset("digits"), input_shape=(1, 8, 8), output_shape=(10,))
    assert x.shape == (1797, 1, 8, 8) and x.max() == 1.0


def test_tokens_stay_integers_become_one_hot_or_numbers():
    data = dataset("copy")
    tokens, _ = fit_to(data, input_shape=(8,), output_shape=(8, 5), vocabulary=5)
    one_hot, t = fit_to(data, input_shape=(8, 5), output_shape=(8, 5))
    column, _ = fit_to(data, input_shape=(8, 1), output_shape=(8, 5))
    assert (tokens.dtype, one_hot.shape, column.shape) == (np.int64, (256, 8, 5), (256, 8, 1))
    assert t.shape == (256, 8, 5)


def test_labels_of_sequences_stay_integers_where_asked():
    shapes = {"input_shape": (8,), "output_shape": (8, 5), "vocabulary": 5}
    _, t = fit_to(dataset("copy"), **shapes, integer_targets=True)
    assert t.dtype == np.int64 and t.shape == (256, 8)


def test_an_output_without_time_learns_the_last_label():
    _, t = fit_to(dataset("parity"), input_shape=(8, 1), output_shape=(1,))
    np.testing.assert_array_equal(t[:, 0], dataset("parity").t[:, -1])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("iris", {"input_shape": (5,), "output_shape": (3,)}, r"of shape \[4\].*input is \[5\]"),
        ("iris", {"input_shape": (4,), "output_shape": (4,)}, r"3 classes.*\[4\] has 4"),
        ("iris", {"input_shape": (4,), "output_shape": (1,)}, r"3 classes.*output is \[1\]"),
        ("sine", {"input_shape": (1,), "output_shape": (2,)}, r"shape \[1\].*output is \[2\]"),
        (
            "sine",
            {"input_shape": (1,), "output_shape": (1,), "integer_targets": True},
            "real numbers.*takes integers",
        ),
        (
            "copy",
            {"input_shape": (8,), "output_shape": (8, 5), "vocabulary": 4},
            "inputs from 0 to 4, but the network reads integers from 0 to 3",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(name, options, message):
    with pytest.raises(InputError, match=message):
        fit_to(dataset(name), **options)


def test_nan_is_refused_with_its_sample():
    x = np.array([[0.0], [np.nan]])
    with pytest.raises(InputError, match="x of d holds NaN or infinity in sample 1"):
        fit_to(Dataset("d", x, np.zeros((2, 1))), input_shape=(1,), output_shape=(1,))


def test_an_npz_of_the_user(tmp_path):
    np.savez(tmp_path / "d.npz", x=np.ones((3, 2)), t=np.array([0, 2, 1]))
    x, t = fit_to(from_file(tmp_path / "d.npz"), input_shape=(2,), output_shape=(3,))
    assert x.shape == (3, 2) and t.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_an_npz_with_two_targets(tmp_path):
    np.savez(tmp_path / "d.npz", **{"x": np.ones((3, 2)), "t.a": np.ones((3, 1)), "t.b": np.eye(3)})
    data = from_file(tmp_path / "d.npz")
    assert fit_target(data, (3,), name="b").shape == (3, 3)
    with pytest.raises(InputError, match="has targets a, b, but the network learns c"):
        fit_target(data, (3,), name="c")


def test_a_csv_of_the_user(tmp_path):
    file = tmp_path / "d.csv"
    file.write_text("a,kind,b\n1.5,cat,2\n2,dog,3\n")
    x, t = fit_to(from_file(file, ["kind"]), input_shape=(2,), output_shape=(1,))
    assert x.tolist() == [[1.5, 2], [2, 3]] and t.tolist() == [[0], [1]]


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("a,b\n1,2\n", ["c"], r"d.csv:1: no one column 'c'; known here: a, b"),
        ("a,b\n1,2\n1\n", ["b"], r"d.csv:3: 1 cells; expected 2"),
        ("a,b\n1,2\nx,2\n", ["b"], r"d.csv:3: a is 'x'; expected a number"),
        ("a,b\n", ["b"], "has no samples"),
    ],
)
def test_a_broken_csv_is_refused_by_line(tmp_path, text, target, message):
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(InputError, match=message):
        from_file(tmp_path / "d.csv", target)


def test_files_that_are_no_data_are_refused(tmp_path):
    (tmp_path / "d.npz").write_text("no zip")
    np.savez(tmp_path / "e.npz", y=np.ones(3))
    np.savez(tmp_path / "f.npz", x=np.ones(3), t=np.ones(2))
    np.savez(tmp_path / "g.npz", x=np.ones(3), t=np.array([None, 1, 2]))
    for name, message in [
        ("d.npz", "is no .npz"),
        ("e.npz", "holds y; expected arrays x and t"),
        ("f.npz", "t has 2 rows; expected as many as x, 3"),
        ("g.npz", "is no .npz of plain arrays"),
        ("h.npz", "No such file"),
        ("i.txt", "expected .npz or .csv"),
    ]:
        with pytest.raises(InputError, match=message):
            from_file(tmp_path / name)


def test_what_goes_beside_a_module_comes_back_exactly(tmp_path):
    x, t = fit_to(dataset("digits"), input_shape=(64,), output_shape=(10,))
    stored = npz_bytes(x, t, "note")
    assert stored == npz_bytes(x, t, "note")
    (tmp_path / "d.npz").write_bytes(stored)
    with np.load(tmp_path / "d.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["x"], x)
        np.testing.assert_array_equal(file["t"], t)
        assert file["note"] == "note"


def test_only_sets_below_4_kb_are_small():
    assert is_small(*fit_to(dataset("xor"), input_shape=(2,), output_shape=(1,)))
    assert is_small(*fit_to(dataset("spirals"), input_shape=(2,), output_shape=(1,)))
    assert not is_small(*fit_to(dataset("iris"), input_shape=(4,), output_shape=(3,)))


def test_a_made_up_set_fits_several_targets():
    targets = [("a", (3,), "one_hot", 3), ("b", (1,), "sign", 2), ("c", (2,), None, 0)]
    x, t = made_up((5,), targets, vocabulary=7)
    assert x.shape == (16, 5) and x.dtype.kind == "i" and x.max() < 7
    assert (t["a"].sum(axis=1) == 1).all() and set(np.unique(t["b"])) == {-1, 1}
    assert t["c"].shape == (16, 2)
