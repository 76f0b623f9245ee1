"""Processes that generate series without a class, shared by families of tasks."""
