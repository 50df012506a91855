"""symbp's fast style: ``Trainer.step``, with the data in their ordinary layout."""

from __future__ import annotations

from typing import Any

from benchmarks.contenders import Absent
from benchmarks.task import Arrays, Task
from symbp.proof import module


class Fast:
    def __init__(self, task: Task, trainer: Any) -> None:
        self.trainer, self.x, self.t = trainer, task.x, task.t

    def step(self) -> float:
        return float(self.trainer.step(self.x, self.t))

    def params(self) -> Arrays:
        return {key: value.copy() for key, value in self.trainer.params.items()}


def make(task: Task) -> Fast:
    run = module.load(task.sources["fast"], "fast")
    if not hasattr(run, "Trainer"):
        raise Absent("the generated module has no Trainer")
    params = {key: value.copy() for key, value in task.params.items()}
    return Fast(task, run.Trainer(params, task.batch))
