"""Write how long something takes."""


def duration(seconds: float) -> str:
    """Return seconds, 0 or more, for people in the two largest units: "40 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"."""
    whole = round(seconds)
    sizes = {"d": whole // 86400, "h": whole // 3600 % 24, "min": whole // 60 % 60, "s": whole % 60}
    units = list(sizes)
    largest = next((index for index, size in enumerate(sizes.values()) if size), len(units) - 1)
    return " ".join(f"{sizes[unit]} {unit}" for unit in units[largest : largest + 2] if sizes[unit] or whole == 0)
