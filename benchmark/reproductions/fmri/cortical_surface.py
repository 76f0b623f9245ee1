"""The optional packages of the brain maps, and the fsaverage5 surface that nilearn ships."""

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import MissingPackageError

HEMISPHERES = ("left", "right")


def nilearn_module(name: str) -> Any:
    """Return a module of nilearn.

    Raises:
        MissingPackageError: nilearn is not installed.
    """
    return _optional(f"nilearn.{name}")


def nibabel_module() -> Any:
    """Return nibabel, which nilearn brings.

    Raises:
        MissingPackageError: nibabel is not installed.
    """
    return _optional("nibabel")


def spheres() -> dict[str, NDArray[np.float32]]:
    """Return the coordinates (10242, 3) of fsaverage5's vertices on the sphere, "left" and "right"; offline.

    Raises:
        MissingPackageError: nilearn is not installed.
    """
    mesh = nilearn_module("datasets").load_fsaverage("fsaverage5")["sphere"]
    return {side: mesh.parts[side].coordinates for side in HEMISPHERES}


def _optional(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise MissingPackageError.of("brain maps", "nilearn", "fmri", error) from error
