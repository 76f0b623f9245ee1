"""Tasks whose truth lies in the frequency domain; no suite runs them yet, since its maps lie over time."""

from .present_frequencies import SpectralData, SpectralSplit, present_frequencies

__all__ = ["SpectralData", "SpectralSplit", "present_frequencies"]
