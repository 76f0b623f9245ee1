"""Temporal saliency rescaling."""
