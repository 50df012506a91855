"""JAX on one CPU thread: loss, gradient and update in one compiled function, parameters donated."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.contenders.losses import Ops, Params, loss_of, stacked, unstacked
from benchmarks.task import Arrays, Task

jax.config.update("jax_enable_x64", True)


class Compiled:
    def __init__(self, task: Task) -> None:
        loss, rate = partial(loss_of(task), OPS), task.rate

        @partial(jax.jit, donate_argnums=0)
        def step(params: Params, x: Any, t: Any) -> tuple[Params, Any]:
            value, grads = jax.value_and_grad(loss)(params, x, t)
            return jax.tree.map(lambda p, g: p - rate * g, params, grads), value

        self.compiled = step
        self.held = jax.tree.map(jnp.asarray, unstacked(task))
        self.x, self.t = jnp.asarray(task.x), jnp.asarray(task.t)

    def step(self) -> Any:
        self.held, loss = jax.block_until_ready(self.compiled(self.held, self.x, self.t))
        return loss

    def params(self) -> Arrays:
        return stacked(jax.tree.map(np.array, self.held))


def convolution(x: Any, k: Any) -> Any:
    return lax.conv_general_dilated(x, k, (1, 1), "VALID")


def maxpool(x: Any) -> Any:
    window = (1, 1, 2, 2)
    return lax.reduce_window(x, -jnp.inf, lax.max, window, window, "VALID")


def recurrence(z: Any, wh: Any) -> Any:
    def step(h: Any, z_t: Any) -> tuple[Any, None]:
        return jnp.tanh(z_t + h @ wh), None

    start = jnp.zeros((z.shape[0], z.shape[2]), z.dtype)
    return lax.scan(step, start, z.swapaxes(0, 1))[0]


OPS = Ops(
    np=jnp,
    relu=jax.nn.relu,
    sigmoid=jax.nn.sigmoid,
    gelu=partial(jax.nn.gelu, approximate=True),
    softmax=jax.nn.softmax,
    logsumexp=partial(jax.nn.logsumexp, axis=-1, keepdims=True),
    convolution=convolution,
    maxpool=maxpool,
    recurrence=recurrence,
)


def make(task: Task) -> Compiled:
    return Compiled(task)
