"""symbp's lecture style: what its ``train`` does for one batch."""

from __future__ import annotations

from types import ModuleType

from benchmarks.task import Arrays, Task
from symbp.proof import module


class Lecture:
    def __init__(self, task: Task, run: ModuleType) -> None:
        self.run, self.x, self.t, self.rate = run, task.x, task.t, task.rate
        self.held: Arrays = {key: value.copy() for key, value in task.params.items()}

    def step(self) -> float:
        held, rate = self.held, self.rate
        loss, grads = self.run.loss_and_grads(held, self.x, self.t)
        self.held = held | {name: held[name] - rate * grads[name] for name in grads}
        return float(loss)

    def params(self) -> Arrays:
        return self.held


def make(task: Task) -> Lecture:
    return Lecture(task, module.load(task.sources["lecture"], "lecture"))
