"""What every generated module can do beside its derived part."""

from __future__ import annotations

import ast
import dataclasses
import itertools
import subprocess
import sys

import numpy as np
import pytest

from symbp.data import dataset, fit_to, made_up, npz_bytes
from symbp.language.spec import Train
from symbp.writers.initialisers import initial_value
from symbp.writers.interface import Output, Parameter
from symbp.writers.main_part import array_lines
from tests import peers
from tests.writers import cores

XOR = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1], [1], [0]])
OPTIMIZERS = {
    "sgd": Train(optimizer="sgd", learning_rate=0.1),
    "sgd decay": Train(optimizer="sgd", learning_rate=0.1, weight_decay=0.1),
    "momentum": Train(optimizer="momentum", learning_rate=0.05, momentum=0.9),
    "momentum decay": Train(
        optimizer="momentum", learning_rate=0.05, momentum=0.9, weight_decay=0.1
    ),
    "nesterov": Train(optimizer="nesterov", learning_rate=0.05, momentum=0.9, weight_decay=0.1),
    "rmsprop": Train(optimizer="rmsprop", learning_rate=0.01, alpha=0.9, weight_decay=0.1),
    "rmsprop momentum": Train(optimizer="rmsprop", learning_rate=0.01, momentum=0.5),
    "adam": Train(optimizer="adam", learning_rate=0.1, betas=(0.8, 0.99), weight_decay=0.1),
    "adamw": Train(optimizer="adamw", learning_rate=0.1, weight_decay=0.1),
}
SCHEDULES = {
    "constant": Train(),
    "step": Train(schedule="step", schedule_options=(("gamma", 0.5), ("step_size", 3))),
    "cosine": Train(
        schedule="cosine", schedule_options=(("min_learning_rate", 0.001), ("t_max", 20))
    ),
    "warmup": Train(
        schedule="warmup_cosine",
        schedule_options=(("min_learning_rate", 0.0), ("warmup_epochs", 4)),
    ),
}
LAYOUTS = {
    "article": (cores.ARTICLE, cores.ARTICLE_CORE, Train(epochs=5000, batch_size=4), XOR),
    "classes": (
        cores.CLASSES,
        cores.CLASSES_CORE,
        dataclasses.replace(SCHEDULES["warmup"], optimizer="adam", held_out=0.25, clip_norm=1.0),
        None,
    ),
    "several": (cores.SEVERAL, cores.SEVERAL_CORE, OPTIMIZERS["rmsprop momentum"], None),
    "block": (
        cores.ARTICLE,
        cores.ARTICLE_CORE,
        Train(epochs=7),
        fit_to(dataset("spirals"), input_shape=(2,), output_shape=(1,)),
    ),
    "kinks": (cores.KINKS, cores.KINKS_CORE, OPTIMIZERS["sgd decay"], None),
    "nothing": (cores.NOTHING, cores.NOTHING_CORE, Train(epochs=3), None),
}


def article(
    train: Train = LAYOUTS["article"][2], core: str = cores.ARTICLE_CORE, net=cores.ARTICLE
):
    return cores.module(net, core, train, XOR)


def classes(train: Train = LAYOUTS["classes"][2], core: str = cores.CLASSES_CORE):
    return cores.module(cores.CLASSES, core, train)


def three_classes(samples: int = 11):
    rng = np.random.default_rng(1)
    return rng.standard_normal((samples, 3)), np.eye(3)[np.arange(samples) % 3]


def assert_same(first, second):
    """Two (params, history) pairs, bit for bit."""
    for one, other in zip(first, second, strict=True):
        assert list(one) == list(other)
        for key in one:
            np.testing.assert_array_equal(one[key], other[key], err_msg=key, strict=True)


# --- layout ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAYOUTS)
def test_modules_are_laid_out_as_ruff_would(name, tmp_path):
    net, core, train, data = LAYOUTS[name]
    file = tmp_path / "module.py"
    file.write_text(cores.module_text(net, core, train, data))
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length", "100", str(file)]
    for command in (["format", "--diff"], ["check", "--select", "E,F,W"]):
        done = subprocess.run([*ruff, *command, *options], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", LAYOUTS)
def test_modules_import_numpy_and_the_standard_library_alone(name):
    tree = ast.parse(cores.module_text(*LAYOUTS[name]))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for alias in node.names}  # fmt: skip
    assert imported <= {"numpy", "math"}


def test_the_article_stays_short():
    text = cores.module_text(*LAYOUTS["article"], note="xor")
    own = len(cores.ARTICLE_CORE.strip().splitlines()) + 2
    assert len(text.splitlines()) - own <= 110


def test_only_the_code_of_what_was_chosen_is_there():
    text = cores.module_text(*LAYOUTS["article"])
    for word in ("held_out", "clip", "moments", "accuracy", "_rate(", "_nearby", "math"):
        assert word not in text


# --- init_params ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (Parameter("W1", (2, 3)), ("rng.uniform(-1, 1, (2, 3))", "np.sqrt(6 / (2 + 3))")),
        (Parameter("K1", (8, 4, 3, 5)), ("rng.uniform(-1, 1, (8, 4, 3, 5))",
                                         "np.sqrt(6 / (96 + 5))")),
        (Parameter("W1", (7, 2, 3), levels=1), ("rng.uniform(-1, 1, (7, 2, 3))",
                                                "np.sqrt(6 / (2 + 3))")),
        (Parameter("b1", (3,)), ("np.zeros(3)", "")),
        (Parameter("b1", (7, 3), levels=1), ("np.zeros((7, 3))", "")),
        (Parameter("gamma1", (3,), "ones"), ("np.ones(3)", "")),
        (Parameter("beta1", (), 1.5), ("np.array(1.5)", "")),
        (Parameter("s1", (2,), 0.1), ("np.full(2, 0.1)", "")),
        (Parameter("s1", (2,), "normal"), ("rng.standard_normal((2,))", "")),
        (Parameter("W1", (2, 3), "glorot_normal"), ("rng.standard_normal((2, 3))",
                                                    "np.sqrt(2 / (2 + 3))")),
        (Parameter("W1", (2, 3), "he_uniform"), ("rng.uniform(-1, 1, (2, 3))", "np.sqrt(6 / 2)")),
        (Parameter("W1", (2, 3), "he_normal"), ("rng.standard_normal((2, 3))", "np.sqrt(2 / 2)")),
        (Parameter("W1", (2, 3), "lecun_normal"), ("rng.standard_normal((2, 3))",
                                                   "np.sqrt(1 / 2)")),
    ],
)  # fmt: skip
def test_initialisers(parameter, text):
    assert initial_value(parameter) == text


def test_params_start_with_their_dtype_and_seed():
    made = classes()
    params = made.init_params(3, np.float32)
    assert {value.dtype for value in params.values()} == {np.dtype("float32")}
    assert set(made.BUFFERS) < set(params)
    np.testing.assert_array_equal(params["W1"], made.init_params(3)["W1"].astype(np.float32))
    assert (params["W1"] != made.init_params(4, np.float32)["W1"]).all()


# --- inputs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((4, 3)), r"x has shape \(4, 3\); expected \(n, 2\)"),
        (np.ones(2), r"x has shape \(2,\); expected \(n, 2\)"),
        (np.ones(()), r"x has shape \(\); expected \(n, 2\)"),
        (np.ones((0, 2)), r"x has shape \(0, 2\); expected \(n, 2\), not empty"),
        (np.array([[0, np.nan]]), "without NaN"),
    ],
)
def test_predict_and_train_say_what_they_expected(x, message):
    made = article()
    with pytest.raises(ValueError, match=message):
        made.predict(made.init_params(), x)
    with pytest.raises(ValueError, match=message):
        made.train(x, np.ones((4, 1)), epochs=1)


def test_train_refuses_targets_that_do_not_match():
    with pytest.raises(ValueError, match=r"t has shape \(3, 1\); expected \(4, 1\)"):
        article().train(XOR[0], np.ones((3, 1)))


def test_tokens_out_of_range_are_refused():
    made = cores.module(*LAYOUTS["several"])
    for x in (np.array([[0, 1, 5]]), np.array([[0, -1, 2]]), np.ones((1, 3))):
        with pytest.raises(ValueError, match="expected integers from 0 to 4"):
            made.predict(made.init_params(), x)


def test_dropout_without_a_generator_is_refused():
    made = classes()
    x, t = three_classes()
    with pytest.raises(ValueError, match="expected rng"):
        made.loss_and_grads(made.init_params(), x, t, training=True)


# --- train ----------------------------------------------------------------------------------------


def torch_optimizer(torch, train: Train, params):
    keys = {"lr": train.learning_rate, "weight_decay": train.weight_decay}
    match train.optimizer:
        case "sgd" | "momentum" | "nesterov":
            nesterov = train.optimizer == "nesterov"
            return torch.optim.SGD(params, momentum=train.momentum, nesterov=nesterov, **keys)
        case "rmsprop":
            keys |= {"alpha": train.alpha, "eps": train.eps, "momentum": train.momentum}
            return torch.optim.RMSprop(params, **keys)
    kind = torch.optim.AdamW if train.optimizer == "adamw" else torch.optim.Adam
    return kind(params, betas=train.betas, eps=train.eps, **keys)


def torch_schedule(torch, train: Train, optimizer, epochs: int):
    options = dict(train.schedule_options)
    rates = torch.optim.lr_scheduler
    match train.schedule:
        case "step":
            return rates.StepLR(optimizer, options["step_size"], options["gamma"])
        case "cosine":
            low = options["min_learning_rate"]
            return rates.CosineAnnealingLR(optimizer, options["t_max"], low)
        case "warmup_cosine":
            warm = options["warmup_epochs"]
            rise = rates.LambdaLR(optimizer, lambda epoch: (epoch + 1) / warm)
            fall = rates.CosineAnnealingLR(optimizer, epochs - warm)
            return rates.SequentialLR(optimizer, [rise, fall], [warm])
    return rates.LambdaLR(optimizer, lambda epoch: 1.0)


def train_in_torch(train: Train, start, epochs: int):
    """The article's network on the whole XOR set, by torch.optim."""
    torch = peers.torch()
    params = {name: torch.tensor(value, requires_grad=True) for name, value in start.items()}
    optimizer = torch_optimizer(torch, train, params.values())
    schedule = torch_schedule(torch, train, optimizer, epochs)
    x, t = (torch.tensor(values) for values in XOR)
    losses, norms = [], []
    for _ in range(epochs):
        optimizer.zero_grad()
        h = torch.sigmoid(x @ params["W1"] + params["b1"])
        loss = 0.5 * ((torch.sigmoid(h @ params["W2"] + params["b2"]) - t) ** 2).sum()
        loss.backward()
        limit = train.clip_norm or np.inf
        norms.append(float(torch.nn.utils.clip_grad_norm_(params.values(), limit)))
        losses.append(loss.item())
        optimizer.step()
        schedule.step()
    return {name: value.detach().numpy() for name, value in params.items()}, losses, norms


@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_step_as_torch_does(name, clip_norm):
    train = dataclasses.replace(OPTIMIZERS[name], epochs=20, clip_norm=clip_norm)
    made = article(train)
    params, history = made.train(*XOR)
    expected, losses, norms = train_in_torch(train, made.init_params(), 20)
    for key, value in expected.items():
        np.testing.assert_allclose(params[key], value, rtol=0, atol=1e-10)
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-10)
    np.testing.assert_allclose(history["grad_norm"], norms, rtol=1e-9)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_those_of_torch(name):
    train = dataclasses.replace(SCHEDULES[name], epochs=20, learning_rate=0.5)
    made = article(train)
    params, _ = made.train(*XOR)
    expected, _, _ = train_in_torch(train, made.init_params(), 20)
    for key, value in expected.items():
        np.testing.assert_allclose(params[key], value, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_resumed_run_is_bit_identical(name, tmp_path):
    train = dataclasses.replace(
        OPTIMIZERS[name], epochs=6, batch_size=4, held_out=0.2, clip_norm=0.5,
        schedule="cosine", schedule_options=(("t_max", 6),),
    )  # fmt: skip
    made = classes(train)
    x, t = three_classes()
    whole = made.train(x, t, params=made.init_params(1))
    half = made.train(x, t, params=made.init_params(1), callback=lambda epoch, *_: epoch == 2)
    assert len(half[1]["loss"]) == 3
    assert_same(made.train(x, t, resume=half), whole)
    for file, part in zip(("params.npz", "history.npz"), half, strict=True):
        made.save_params(tmp_path / file, part)
    loaded = tuple(made.load_params(tmp_path / file) for file in ("params.npz", "history.npz"))
    assert_same(made.train(x, t, resume=loaded), whole)


def test_a_run_of_fewer_epochs_is_the_start_of_a_longer_one():
    train = dataclasses.replace(SCHEDULES["warmup"], optimizer="adam", epochs=20)
    made = article(train)
    assert_same(made.train(*XOR, resume=made.train(*XOR, epochs=7)), made.train(*XOR))


def test_batches_that_do_not_divide_the_set_count_by_their_size():
    net = dataclasses.replace(cores.ARTICLE, reduction="mean")
    core = cores.ARTICLE_CORE.replace("0.5 * np.sum(", "0.5 / len(t) * np.sum(").replace(
        "(y - t) * y", "(y - t) / len(t) * y"
    )
    for size, (kind, text) in itertools.product(
        (1, 2, 3, 4, 9, None), ((net, core), (cores.ARTICLE, cores.ARTICLE_CORE))
    ):
        made = article(net=kind, core=text)
        _, history = made.train(*XOR, epochs=1, learning_rate=0.0, batch_size=size)
        assert history["loss"] == pytest.approx([made.loss(made.init_params(), *XOR)], rel=1e-14)


def test_one_sample_is_enough():
    x, t = XOR
    params, history = article().train(x[:1], t[:1], epochs=3)
    assert np.isfinite(params["W1"]).all() and history["loss"][2] < history["loss"][0]


def test_training_changes_none_of_its_arguments():
    made = classes()
    x, t = three_classes()
    params = made.init_params()
    before = {name: value.copy() for name, value in params.items()}
    half = made.train(x, t, params=params, epochs=2)
    lists = {key: list(values) for key, values in half[1].items()}
    made.train(x, t, resume=half, epochs=4)
    made.check_gradients(params, x, t, training=True)
    assert {key: len(values) for key, values in half[1].items()} == {
        key: len(values) for key, values in lists.items()
    }
    assert_same((params,), (before,))
    np.testing.assert_array_equal(x, three_classes()[0])
    np.testing.assert_array_equal(t, three_classes()[1])


def test_gradients_that_share_an_array_are_scaled_once():
    shared = cores.ARTICLE_CORE.replace('"b1": dz1.sum(0)', '"b1": np.broadcast_to(db2, 3)')
    shared = shared.replace("dz2.sum(0)", "db2").replace(
        "    dz1 = ", "    db2 = dz2.sum(0)\n    dz1 = "
    )
    made = article(Train(learning_rate=1.0, clip_norm=0.01, epochs=1), shared)
    before = made.init_params()
    _, grads = made.loss_and_grads(before, *XOR)
    after, _ = made.train(*XOR)
    norm = np.sqrt(sum(np.vdot(g, g) for g in grads.values()))
    for name, gradient in grads.items():
        expected = before[name] - gradient * 0.01 / (norm + 1e-6)
        np.testing.assert_allclose(after[name], expected, rtol=0, atol=1e-15)


def test_a_callback_stops_the_run_and_sees_it():
    seen = []

    def callback(epoch, params, history):
        seen.append((epoch, params["W1"].copy(), len(history["loss"])))
        return epoch == 4

    params, history = article().train(*XOR, callback=callback)
    assert [entry[0] for entry in seen] == [0, 1, 2, 3, 4]
    assert [entry[2] for entry in seen] == [1, 2, 3, 4, 5] and len(history["loss"]) == 5
    np.testing.assert_array_equal(params["W1"], seen[-1][1])


def test_params_given_to_a_callback_are_not_changed_later():
    kept = []
    train = dataclasses.replace(OPTIMIZERS["adam"], epochs=3, batch_size=2)
    article(train).train(*XOR, callback=lambda epoch, params, history: kept.append(params))
    assert (kept[0]["W1"] != kept[2]["W1"]).all()


def test_the_held_out_part_keeps_the_share_of_each_class():
    train = dataclasses.replace(LAYOUTS["classes"][2], held_out=0.2)
    labels = np.repeat([0, 1, 2], [50, 30, 20])
    kept, held = classes(train)._split(labels, 0.2, 0)
    assert np.bincount(labels[held]).tolist() == [10, 6, 4]
    assert sorted([*kept, *held]) == list(range(100))
    other = classes(train)._split(labels, 0.2, 1)[1]
    assert set(other) != set(held)


def test_the_held_out_part_is_never_trained_on():
    made = classes()
    x, t = three_classes(40)
    _, held = made._split(t.argmax(-1), 0.25, 0)
    changed = x.copy()
    changed[held] += 10
    first, second = (made.train(values, t, epochs=3) for values in (x, changed))
    assert_same((first[0],), (second[0],))
    assert first[1]["loss"] == second[1]["loss"]
    assert first[1]["held_out_loss"] != second[1]["held_out_loss"]


def test_a_held_out_part_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"held_out = 0\.25 takes 0 of 2 samples"):
        classes().train(*three_classes(2))


def test_classes_given_as_integers_train_as_one_hot_rows():
    made = classes()
    x, t = three_classes()
    assert_same(made.train(x, t, epochs=2), made.train(x, t.argmax(-1), epochs=2))


def test_accuracy_is_that_of_the_predictions():
    train = Train(optimizer="adam", learning_rate=0.05, epochs=30)
    net = dataclasses.replace(cores.ARTICLE, outputs=(Output("t", (1,), classes="binary"),))
    made = article(train, net=net)
    _, before = made.train(*XOR, params=made.init_params(), learning_rate=0.0, epochs=1)
    right = (made.predict(made.init_params(), XOR[0]) > 0.5) == (XOR[1] > 0.5)
    assert before["accuracy"] == [right.mean()]


def test_only_training_moves_the_buffers():
    made = classes()
    x, t = three_classes()
    params, _ = made.train(x, t, epochs=3)
    start = made.init_params()
    assert all((params[name] != start[name]).any() for name in made.BUFFERS)
    _, grads = made.loss_and_grads(params, x, t)
    assert set(grads) == set(params) - set(made.BUFFERS)


def test_float32_stays_float32():
    for made, (x, t) in ((article(), XOR), (classes(), three_classes())):
        params, _ = made.train(x, t, params=made.init_params(dtype=np.float32), epochs=2)
        assert {value.dtype for value in params.values()} == {np.dtype("float32")}


def test_several_outputs_train_together():
    made = cores.module(*LAYOUTS["several"])
    x, t = made_up((3,), [("ta", (2,), None, 0), ("tb", (1,), "sign", 2)], vocabulary=5)
    _, history = made.train(x, t, batch_size=5, epochs=40)
    assert history["loss"][-1] < history["loss"][0]
    assert 0 <= history["accuracy"][-1] <= 1


# --- check_gradients ------------------------------------------------------------------------------

FAULTS = [
    ("* y * (1 - y)", "* (1 - y)"),
    ("* y * (1 - y)", "* y"),
    ("(dz2 @ W2.T) * h * (1 - h)", "(dz2 @ W2.T) * (1 - h)"),
    ("(dz2 @ W2.T) * h * (1 - h)", "(dz2 @ W2.T)"),
    ("(y - t) * y", "(t - y) * y"),
    ("(y - t) * y", "1.0001 * (y - t) * y"),
    ("dz1.sum(0)", "dz1.mean(0)"),
    ("dz2.sum(0)", "dz2[0]"),
    ("x.T @ dz1", "x.T @ dz1 / len(x)"),
    ("x.T @ dz1", "1.0001 * x.T @ dz1"),
    ("h.T @ dz2", "h.T @ dz2 * 0"),
    ("h.T @ dz2", "h.T @ dz2 * np.nan"),
    ("h.T @ dz2", "(1 - h).T @ dz2"),
    ("dz2 @ W2.T", "dz2 @ W2.T[:, ::-1]"),
]


def noisy(made, seed=3):
    """Parameters with nothing special about them."""
    rng = np.random.default_rng(seed)
    params = made.init_params(seed)
    return {name: value + 0.1 * rng.random(value.shape) for name, value in params.items()}


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_gradient_is_found(fault, smooth):
    assert fault[0] in cores.ARTICLE_CORE
    net = dataclasses.replace(cores.ARTICLE, smooth=smooth)
    made = article(core=cores.ARTICLE_CORE.replace(*fault), net=net)
    assert max(made.check_gradients(noisy(made), *XOR).values()) > 1e-6


def test_a_transposed_square_weight_is_found():
    core = cores.ARTICLE_CORE.replace("x.T @ dz1", "(x.T @ dz1).T")
    shapes = {"W1": (2, 2), "b1": (2,), "W2": (2, 1), "b2": (1,)}
    parameters = tuple(Parameter(name, shape) for name, shape in shapes.items())
    made = article(core=core, net=dataclasses.replace(cores.ARTICLE, parameters=parameters))
    assert made.check_gradients(noisy(made), *XOR)["W1"] > 1e-6


CLASS_FAULTS = [
    ("- ds.mean(0)", ""),
    ("- scaled * np.mean(ds * scaled, axis=0)", ""),
    ('* cache["mask"]', ""),
    ("/ len(t)", ""),
    ('* (cache["a"] > 0)', ""),
    ("da.sum(0)", "da.mean(0)"),
]


@pytest.mark.parametrize("fault", CLASS_FAULTS)
def test_a_wrong_gradient_in_training_mode_is_found(fault):
    made = classes(core=cores.CLASSES_CORE.replace(*fault))
    assert max(made.check_gradients(noisy(made), *three_classes(), training=True).values()) > 1e-6


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_right_gradients_pass_with_kinks_and_dropout(seed, training):
    made = classes()
    errors = made.check_gradients(noisy(made, seed), *three_classes(), training=training, seed=seed)
    assert max(errors.values()) < 1e-6


@pytest.mark.parametrize("seed", range(3))
def test_a_point_on_a_kink_gives_no_alarm(seed):
    made = cores.module(*LAYOUTS["kinks"])
    assert max(made.check_gradients(made.init_params(seed), *XOR).values()) < 1e-6


def test_a_fault_behind_a_kink_is_still_found():
    core = cores.KINKS_CORE.replace('* (cache["z"] > 0)', '* (cache["z"] > 0.01)')
    made = cores.module(cores.KINKS, core, LAYOUTS["kinks"][2])
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((40, 2)), rng.standard_normal((40, 1))
    assert made.check_gradients(made.init_params(), x, t)["b1"] > 1e-6


def test_one_wrong_entry_of_many_is_found():
    flip = "(1 - 2 * (np.arange(300).reshape(2, 150) == 227))"  # entry (1, 77) of dW1
    core = cores.KINKS_CORE.replace('cache["x"].T @ dz', f'{flip} * (cache["x"].T @ dz)')
    made = cores.module(cores.KINKS, core, LAYOUTS["kinks"][2])
    params = noisy(made)
    params["W1"][:, 77] = 1.0
    errors = made.check_gradients(params, *XOR)
    assert errors["W1"] > 1e-6 and errors["b1"] < 1e-6


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("scale", [1e-3, 10, 100, 1000])
def test_saturated_and_tiny_networks_give_no_alarm(scale, smooth):
    made = article(net=dataclasses.replace(cores.ARTICLE, smooth=smooth))
    for seed in range(3):
        params = {name: scale * value for name, value in noisy(made, seed).items()}
        assert max(made.check_gradients(params, *XOR).values()) < 1e-6


@pytest.mark.parametrize("smooth", [True, False])
def test_large_inputs_give_no_alarm(smooth):
    made = article(net=dataclasses.replace(cores.ARTICLE, smooth=smooth))
    x = 30 * np.random.default_rng(0).standard_normal((6, 2))
    for seed in range(3):
        errors = made.check_gradients(noisy(made, seed), x, np.ones((6, 1)))
        assert max(errors.values()) < 1e-6


@pytest.mark.parametrize("net", [cores.NOTHING, dataclasses.replace(cores.NOTHING, dropout=True)])
def test_without_parameters_there_is_no_gradient_to_check(net, tmp_path):
    _, core, train, _ = LAYOUTS["nothing"]
    made = cores.module(net, core, train)
    assert made.check_gradients(made.init_params(), XOR[0], XOR[0], training=True) == {}
    done = run(tmp_path, cores.module_text(net, core, train))
    assert done.returncode == 0, done.stderr
    assert "there is no gradient to check" in done.stdout


# --- storage and main -----------------------------------------------------------------------------


def test_params_come_back_from_their_file(tmp_path):
    made = classes()
    made.save_params(tmp_path / "no_suffix", made.init_params())
    assert_same((made.load_params(tmp_path / "no_suffix"),), (made.init_params(),))


def run(folder, text):
    (folder / "module.py").write_text(text)
    return subprocess.run(
        [sys.executable, "module.py"], cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_the_article_runs_alone_and_learns_xor(tmp_path):
    train = dataclasses.replace(LAYOUTS["article"][2], learning_rate=0.5)
    text = cores.module_text(cores.ARTICLE, cores.ARTICLE_CORE, train, XOR, note="xor")
    done = run(tmp_path, text)
    assert done.returncode == 0, done.stderr
    assert "gradient of W1: error" in done.stdout and "epoch 5000: loss 0.001" in done.stdout


def test_a_module_with_a_wrong_gradient_exits_with_1(tmp_path):
    core = cores.ARTICLE_CORE.replace("* h * (1 - h)", "* h")
    done = run(tmp_path, cores.module_text(cores.ARTICLE, core, LAYOUTS["article"][2], XOR))
    assert done.returncode == 1
    assert "the gradient of W1 is wrong" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["classes", "several"])
def test_a_module_without_data_says_so_and_runs(name, tmp_path):
    net, core, train, _ = LAYOUTS[name]
    text = cores.module_text(net, core, dataclasses.replace(train, epochs=12))
    done = run(tmp_path, text)
    assert done.returncode == 0, done.stderr
    assert "made-up" in done.stdout and "accuracy" in done.stdout


def test_made_up_sets_are_those_of_symbp_data(tmp_path):
    text = cores.module_text(*LAYOUTS["several"][:3])
    scope: dict[str, object] = {"np": np}
    main = text[text.index("    rng = np.random.default_rng(0)") :]
    lines = main[: main.index("    few")].splitlines()
    exec("\n".join(line[4:] for line in lines), scope)
    x, t = made_up((3,), [("ta", (2,), None, 0), ("tb", (1,), "sign", 2)], vocabulary=5)
    np.testing.assert_array_equal(scope["x"], x)
    assert_same((scope["t"],), (t,))


def test_data_beside_the_module_are_found_from_any_folder(tmp_path):
    x, t = XOR[0], {"ta": np.eye(2)[[0, 1, 1, 0]], "tb": 2 * XOR[1] - 1}
    tokens = np.concatenate([x, x[:, :1]], axis=1).astype(int)
    (tmp_path / "some_data.npz").write_bytes(npz_bytes(tokens, t))
    net, core, train, _ = LAYOUTS["several"]
    text = cores.module_text(net, core, train, (tokens, t), note="some", file="some_data.npz")
    (tmp_path / "deep").mkdir()
    (tmp_path / "module.py").write_text(text)
    command = [sys.executable, "../module.py"]
    done = subprocess.run(command, cwd=tmp_path / "deep", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "array",
    [np.array([[0.0, 1.5]]), np.arange(3), np.arange(300).reshape(30, 10), np.arange(99) / 7],
)
def test_numbers_written_into_a_module_are_exact(array):
    scope: dict[str, np.ndarray] = {}
    exec("\n".join(array_lines("x", array)), {"np": np}, scope)
    np.testing.assert_array_equal(scope["x"], array, strict=True)
