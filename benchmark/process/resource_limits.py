"""What the system lets this process use: memory, size and number of files, time, …; Windows has no such limits."""

try:
    import resource
except ImportError:
    KINDS: tuple[int, ...] = ()
else:
    KINDS = tuple(sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}))

Limits = dict[int, tuple[int, int]]  # soft and hard, by kind


def read_limits() -> Limits:
    """Return the limits of this process."""
    return {kind: resource.getrlimit(kind) for kind in KINDS}


def set_limits(limits: Limits) -> None:
    """Set the limits of this process; one that was lowered for good is raised as far as that allows."""
    for kind, limit in limits.items():
        try:
            resource.setrlimit(kind, limit)
        except ValueError:
            most = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (most, most))
