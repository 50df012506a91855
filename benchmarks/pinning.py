"""One thread everywhere, and what the machine is: processor, versions, settings."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

THREADS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",  # the size of the thread pool of JAX on a CPU
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
UNSET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # they choose kernels by hand
LIBRARIES = ("numpy", "torch", "jax", "jaxlib", "autograd")


def pin() -> None:
    """Set the environment that worker processes inherit; libraries read it when they are imported."""
    os.environ.update(THREADS)
    for name in UNSET:
        os.environ.pop(name, None)


def machine() -> dict[str, str]:
    """What a reader must know to compare: one line each."""
    threads = ", ".join(f"{k}={v}" for k, v in THREADS.items() if k != "JAX_PLATFORMS")
    return {
        "processor": f"{processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "blas of NumPy": blas(),
        "threads": f"one each: {threads}, torch.set_num_threads(1)",
        "load at the start": f"{os.getloadavg()[0]:.1f}",
    }


def processor() -> str:
    """The model's name as the kernel gives it, with family and model number where there are."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    pairs = (line.partition(":") for line in info.read_text().split("\n\n")[0].splitlines())
    known = {key.strip(): value.strip() for key, _, value in pairs}
    numbers = f" (family {known.get('cpu family', '?')}, model {known.get('model', '?')})"
    return known.get("model name", platform.machine()) + numbers


def version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def blas() -> str:
    import numpy as np

    found = np.show_config(mode="dicts")
    blas = found["Build Dependencies"]["blas"] if isinstance(found, dict) else {}
    return f"{blas.get('name', '?')} {blas.get('version', '')}".strip()
