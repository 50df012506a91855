"""The child: takes its limits, runs the answer at every point, and leaves a result.

python -I -c "..; main(FOLDER)"     # the folder holds job.npz and answer.py
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from symbp.judge.child import classes, exchange, functions, pairs, user
from symbp.judge.child.exchange import Array
from symbp.judge.child.given import Found, Given
from symbp.judge.child.loading import Refused, load
from symbp.judge.child.process import ANSWER, JOB, RESULT


def main(folder: str) -> None:
    """Read the job, leave the result."""
    here = Path(folder)
    job, arrays = exchange.load(here / JOB)
    (here / JOB).unlink()
    _limit(job["limits"])
    if job["user"] is not None:
        user.become(job["user"])
    table, found = judged(here / ANSWER, job, arrays)
    exchange.save(here / RESULT, table, found)


def _limit(limits: Mapping[str, Any]) -> None:
    """Limits that the process cannot lift again."""
    try:
        import resource
    except ImportError:  # only the wall clock holds there
        return
    wanted = {
        resource.RLIMIT_CPU: limits["processor"],
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_FSIZE: limits["file"],
        resource.RLIMIT_NPROC: limits["processes"],
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in wanted.items():
        hard = resource.getrlimit(kind)[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (least, least))


def judged(
    path: Path, job: Mapping[str, Any], arrays: Mapping[str, Array]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """What the answer says at all points of a job, as a table and the arrays that it names."""
    given = [_given(point, arrays) for point in job["points"]]
    try:
        namespace = load(path)
        function, kind = functions.find(namespace), classes.find(namespace)
        kind = kind or pairs.find(namespace, job)
        if function is not None:
            return packed("function", _all(lambda g: functions.evaluate(function, g, path), given))
        if kind is not None:
            return packed("class", _all(lambda g: classes.evaluate(kind, g, job, path), given))
    except Refused as refused:
        return {"refused": [refused.reason, refused.line, refused.column]}, {}
    except MemoryError:
        gc.collect()
        return {"refused": ["it needs more memory than the limit", None, None]}, {}
    reason = "it defines neither gradients(params, x, t) nor a class with forward and backward"
    return {"refused": [reason, None, None]}, {}


def _all(evaluate: Callable[[Given], Found], given: list[Given]) -> list[Found]:
    """What is found at each point; after a failure all others are failed, too, without a try."""
    found: list[Found] = []
    for point in given:
        failed = found[-1] if found and found[-1].failed else None
        found.append(failed or evaluate(point))
    return found


def _given(point: Mapping[str, Any], arrays: Mapping[str, Array]) -> Given:
    params = {name: arrays[key] for name, key in point["params"].items()}
    t = point["t"]
    targets = arrays[t] if isinstance(t, str) else {k: arrays[v] for k, v in t.items()}
    return Given(params, arrays[point["x"]], targets)


def packed(kind: str, all_found: list[Found]) -> tuple[dict[str, Any], dict[str, Array]]:
    """What was found at the points, as a table and the arrays that it names."""
    arrays: dict[str, Array] = {}

    def stored(values: Mapping[str, Array]) -> dict[str, str]:
        keys = {}
        for name, value in values.items():
            keys[name] = f"a{len(arrays)}"
            arrays[keys[name]] = value
        return keys

    points = [
        {
            "gradients": stored(found.gradients),
            "others": stored(found.others),
            "problems": found.problems,
            "failed": found.failed,
        }
        for found in all_found
    ]
    return {"kind": kind, "points": points}, arrays
