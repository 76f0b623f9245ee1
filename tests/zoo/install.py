"""Install the pinned packages of the zoo, each by itself: what one of them lacks here only skips its networks."""

import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).with_name("requirements.txt")


def main():
    lines = (line.partition("#")[0].strip() for line in PINS.read_text("utf-8").splitlines())
    for pin in filter(None, lines):
        # without what it asks for: the packages' own ranges contradict each other, and all that is needed is pinned
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", pin]
        if subprocess.run(command).returncode:
            print(f"{pin} cannot be installed here: the networks that need it are skipped")  # noqa: T201


if __name__ == "__main__":
    main()
