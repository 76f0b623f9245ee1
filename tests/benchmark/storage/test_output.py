"""Files that are written whole, and what a user can name with --output: files, links, pipes and devices."""

import os
import threading
from pathlib import Path

import pytest

from saltbench.benchmark.storage.files import TEMPORARY, write_atomically
from saltbench.benchmark.storage.output import write_to
from saltbench.errors import StoreError


def leftovers(root):
    return [path for path in Path(root).rglob("*") if path.name.startswith(TEMPORARY)]


@pytest.fixture(params=[write_atomically, write_to])
def write(request):
    return request.param


@pytest.fixture
def umask():
    """A function that sets the umask until the test ends."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def test_a_file_is_replaced_and_folders_are_made(tmp_path, write):
    path = tmp_path / "a" / "leaderboard.csv"
    for content in (b"first", b"second"):
        write(path, content)
        assert path.read_bytes() == content
    assert [found.name for found in path.parent.iterdir()] == ["leaderboard.csv"]


def test_a_folder_is_not_replaced(tmp_path, write):
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"^cannot write .*folder: Is a directory; .* remove what stands there or "):
        write(tmp_path / "folder", b"content")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_umask_decides_the_mode_of_a_new_file(tmp_path, write, umask, mask, mode):
    umask(mask)
    write(tmp_path / "new.csv", b"content")
    assert (tmp_path / "new.csv").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o444])
def test_a_replaced_file_keeps_its_mode(tmp_path, write, umask, mode):
    path = tmp_path / "old.csv"
    path.write_bytes(b"before")
    path.chmod(mode)
    write(path, b"after")
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == mode


def test_in_a_results_folder_a_link_is_replaced(tmp_path):
    (tmp_path / "target").write_bytes(b"foreign")
    (tmp_path / "leaderboard.csv").symlink_to("target")
    write_atomically(tmp_path / "leaderboard.csv", b"content")
    assert not (tmp_path / "leaderboard.csv").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"foreign"


@pytest.mark.parametrize("exists", [True, False])
def test_what_the_user_names_is_written_through_links(tmp_path, exists):
    (tmp_path / "there").mkdir()
    target = tmp_path / "there" / "target.csv"
    if exists:
        target.write_bytes(b"before")
        target.chmod(0o600)
    (tmp_path / "one").symlink_to("there/target.csv")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    write_to(tmp_path / "two", b"content")
    assert target.read_bytes() == b"content"
    assert (tmp_path / "one").is_symlink()
    assert (tmp_path / "two").is_symlink()
    assert leftovers(tmp_path) == []
    if exists:
        assert target.stat().st_mode & 0o777 == 0o600


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(StoreError, match=r"^cannot write .*one: Too many levels of symbolic links; "):
        write_to(tmp_path / "one", b"content")
    assert (tmp_path / "one").is_symlink()


@pytest.mark.parametrize("is_link", [True, False])
def test_a_device_stays_a_device(tmp_path, is_link):
    path = Path("/dev/null")
    if is_link:
        path = tmp_path / "link"
        path.symlink_to("/dev/null")
    write_to(path, b"content")
    assert path.is_char_device()


def test_a_device_that_is_full_is_told(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(StoreError, match=r"^cannot write /dev/full: No space left on device; "):
        write_to(Path("/dev/full"), b"content")


def test_a_named_pipe_is_written(tmp_path):
    pipe, found = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write_to(pipe, b"content" * 20_000)  # more than it holds at once
    reader.join(timeout=60)
    assert found == [b"content" * 20_000]
    assert pipe.is_fifo()


@pytest.mark.parametrize("place", ["/dev/fd/{}", "/proc/self/fd/{}", "link"])
def test_an_open_file_is_written_on(tmp_path, place):
    path = tmp_path / "redirected"
    with path.open("wb") as file:
        file.write(b"before ")
        file.flush()
        name = Path(place.format(file.fileno()))
        if place == "link":
            name = tmp_path / "link"
            name.symlink_to(f"/dev/fd/{file.fileno()}")
        elif not name.exists():
            pytest.skip("this system has no such names of open files")
        write_to(name, b"content")
        file.write(b" after")
    assert path.read_bytes() == b"before content after"


def test_the_file_that_standard_output_goes_to_is_not_replaced(tmp_path, run_python):
    script = """
from pathlib import Path
from saltbench.benchmark.storage.output import write_to
print("before")
write_to(Path("/dev/stdout"), b"content\\n")
print("after")
"""
    path = tmp_path / "out"
    done = run_python(script, prefix=["sh", "-c", f'exec "$@" > {path}', "sh"])
    assert (done.returncode, done.stderr) == (0, "")
    assert path.read_text() == "before\ncontent\nafter\n"
