"""What of a lock nobody else could install, in every way in which it may be written."""

from pathlib import Path

import pytest

from comfydock_core.analyzers.packages.lock_gaps import lock_gaps

HEAD = 'version = 1\n\n[[package]]\nname = "one"\nversion = "1"\nsource = { registry = "https://x" }\n'
HASH = 'hash = "sha256:00"'
FILES = {
    "a list of wheels": 'wheels = [\n    { url = "https://x/one.whl", %s },\n]\n',
    "wheels on one line": 'wheels = [{ url = "https://x/one.whl", %s }]\n',
    "a source archive": 'sdist = { url = "https://x/one.tar.gz", %s }\n',
    "a table": '[[package.wheels]]\nurl = "https://x/one.whl"\n%s\n',
    "a table of the archive": '[package.sdist]\nurl = "https://x/one.tar.gz"\n%s\n',
    "a path": 'wheels = [\n    { path = "one.whl", %s },\n]\n',
}


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
@pytest.mark.parametrize("hashed", [True, False])
def test_a_file_without_a_hash_is_found(tmp_path: Path, files: str, hashed: bool) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text(HEAD + files % (HASH if hashed else 'upload-time = "2025"'))
    assert lock_gaps(str(lock)) == ([] if hashed else [("one", "it is locked without a hash")])


@pytest.mark.parametrize("kind", ["directory", "editable", "path"])
def test_a_package_from_a_folder_of_this_machine_is_found(tmp_path: Path, kind: str) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text(HEAD.replace('registry = "https://x"', f'{kind} = "../one"'))
    assert lock_gaps(str(lock)) == [("one", "it is installed from `../one` on this machine")]


def test_the_definition_itself_is_none(tmp_path: Path) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text('version = 1\n\n[[package]]\nname = "me"\nversion = "0"\nsource = { editable = "." }\n')
    assert lock_gaps(str(lock)) == []


def test_without_a_lock_there_is_nothing_to_find(tmp_path: Path) -> None:
    assert lock_gaps(str(tmp_path / "uv.lock")) == []
