"""The data that networks train on: built-in sets, the user's files, small made-up sets."""

from symbp.data.built_in import NAMES, dataset
from symbp.data.dataset import Dataset
from symbp.data.files import from_file
from symbp.data.fit import fit_input, fit_target, fit_to
from symbp.data.made_up import made_up
from symbp.data.store import is_small, npz_bytes

__all__ = [
    "NAMES",
    "Dataset",
    "dataset",
    "fit_input",
    "fit_target",
    "fit_to",
    "from_file",
    "is_small",
    "made_up",
    "npz_bytes",
]
