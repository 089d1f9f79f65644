"""The portable interpreter: its pins, where its sources come from, and what of Debian's fixes is taken."""

import hashlib
import io
import subprocess
from pathlib import Path

import pytest

from build.paths import Layout
from build.portable.aliases import join_aliases
from build.portable.freezing import for_old_systems
from build.portable.libraries import RECIPES
from build.portable.pins import NAME, File, read_portable
from build.portable.recipe import compiler_key, locked_zig, part_key, steps
from build.portable.sources import VARIABLE, fetch, mirrors, wanted_patches
from build.portable.workshop import PortableError, Workshop
from build.progress import Progress
from build.settings import SettingsError, read_nuitka

LAYOUT = Layout()
CONTENT = b"sources"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def mirror(place: Path, content: bytes) -> str:
    """A mirror on this machine that has one file."""
    pool = place / "debian" / "pool"
    pool.mkdir(parents=True)
    (pool / "a_1.0+really~2.tar.xz").write_bytes(content)
    return f"{place.as_uri()}/{{archive}}"


def pinned(digest: str = DIGEST) -> File:
    return File("debian", "pool/a_1.0+really~2.tar.xz", digest)


def workshop(place: Path) -> Workshop:
    log = place / "log.txt"
    progress = Progress("portable-python", steps(), place, log, io.StringIO())
    return Workshop(log.open("w", encoding="utf-8"), progress)


def test_every_source_is_pinned_and_has_a_recipe() -> None:
    portable = read_portable(LAYOUT.config)
    assert set(portable.sources) == {*RECIPES, "python"}
    for source in portable.sources.values():
        for file in (source.file, source.patches):
            assert file is None or len(file.sha256) == 64


def test_a_pin_that_lacks_its_digest_is_refused(tmp_path: Path) -> None:
    text = (LAYOUT.config / NAME).read_text("utf-8")
    (tmp_path / NAME).write_text(text.replace("\nsha256 =", "\nsha265 =", 1), "utf-8")
    with pytest.raises(SettingsError, match=r"python\.sha256"):
        read_portable(tmp_path)


def test_a_file_is_taken_from_the_first_mirror_that_has_what_is_pinned(tmp_path: Path) -> None:
    places = [mirror(tmp_path / "damaged", b"damaged"), mirror(tmp_path / "good", CONTENT)]
    found = fetch(pinned(), tmp_path / "downloads", [f"{tmp_path.as_uri()}/none/{{archive}}", *places])
    assert found.read_bytes() == CONTENT
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == [found.name]
    assert fetch(pinned(), tmp_path / "downloads", []) == found


def test_a_file_that_no_mirror_has_is_an_error_that_names_them_all(tmp_path: Path) -> None:
    places = [f"{tmp_path.as_uri()}/none/{{archive}}", mirror(tmp_path / "damaged", b"damaged")]
    with pytest.raises(PortableError) as caught:
        fetch(pinned(), tmp_path / "downloads", places)
    assert "none/debian/pool" in str(caught.value)
    assert f"not {DIGEST}" in str(caught.value)
    assert list((tmp_path / "downloads").iterdir()) == []


def test_a_damaged_download_of_before_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / pinned().name).write_bytes(b"half")
    assert fetch(pinned(), tmp_path / "downloads", [mirror(tmp_path / "m", CONTENT)]).read_bytes() == CONTENT


def test_the_mirror_that_is_named_is_asked_first() -> None:
    assert mirrors(["a"], {VARIABLE: "http://here/{archive}"}) == ("http://here/{archive}", "a")
    assert mirrors(["a"], {}) == ("a",)
    with pytest.raises(PortableError, match="archive"):
        mirrors(["a"], {VARIABLE: "http://here/debian"})


def test_patches_are_taken_from_the_first_that_is_wanted_on(tmp_path: Path) -> None:
    (tmp_path / "series").write_text("# ours\nlayout.diff\n\nfix.diff\nCVE-1.patch # urgent\n", "utf-8")
    assert [path.name for path in wanted_patches(tmp_path, "fix.diff")] == ["fix.diff", "CVE-1.patch"]
    with pytest.raises(PortableError, match="first_patch"):
        wanted_patches(tmp_path, "gone.diff")


def test_a_part_is_made_again_when_its_pin_changes_and_only_then(tmp_path: Path) -> None:
    portable = read_portable(LAYOUT.config)
    key = compiler_key(LAYOUT, portable)
    assert key == compiler_key(LAYOUT, portable)
    keys = {part_key([], source, portable, key) for source in portable.sources.values()}
    assert len(keys) == len(portable.sources)
    assert part_key([], portable.sources["zlib"], portable, key) in keys
    assert part_key([], portable.sources["zlib"], portable, "another compiler") not in keys
    assert "sha256" in locked_zig(LAYOUT)


def test_a_command_that_fails_is_named_with_what_it_said(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    shop.run(["sh", "-c", "echo built"], tmp_path)
    with pytest.raises(PortableError, match=r"failed with 3(.|\n)*no space left"):
        shop.run(["sh", "-c", "echo no space left >&2; exit 3"], tmp_path)
    with pytest.raises(PortableError, match="cannot be run"):
        shop.run(["no-such-program"], tmp_path)
    assert "built" in (tmp_path / "log.txt").read_text("utf-8")


def test_flags_of_the_shell_do_not_reach_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CFLAGS", "-march=native")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/elsewhere")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    workshop(tmp_path).run(["sh", "-c", "env"], tmp_path, {"CC": "old-gcc"})
    text = (tmp_path / "log.txt").read_text("utf-8")
    assert "native" not in text
    assert "elsewhere" not in text
    assert "CC=old-gcc" in text


def test_the_display_follows_the_log(tmp_path: Path) -> None:
    shop = workshop(tmp_path)
    shop.begin("building zlib")
    shop.begin("compiling Python")
    out = shop.progress.out
    assert isinstance(out, io.StringIO)
    assert [line.partition(", ")[2] for line in out.getvalue().splitlines()] == [
        "building zlib (0:00)",
        "compiling Python (0:00)",
    ]


def test_the_portable_artifact_lies_beside_the_ordinary_one() -> None:
    ordinary, portable = LAYOUT, Layout(portable=True)
    assert portable.artifact("nuitka") != ordinary.artifact("nuitka")
    assert portable.work != ordinary.work
    assert portable.portable_work == ordinary.portable_work


def test_nuitka_is_told_of_the_other_compiler_in_the_portable_build_only() -> None:
    ordinary = read_nuitka(LAYOUT.config)
    portable = for_old_systems(ordinary, Layout(portable=True))
    assert "CC" not in ordinary.pgo_environment
    assert portable.pgo_environment["CC"].startswith(str(LAYOUT.portable_work))
    assert set(ordinary.options) < set(portable.options)


# Variables that a program has copies of, as the real library has them and as the stand-in does.
REAL = """
#define TWO_NAMES(name, alias) char *name; extern char *alias __attribute__((weak, alias(#name)));
"""
STAND_IN = "#define TWO_NAMES(name, alias) char *name; char *alias;\n"
VARIABLES = """
TWO_NAMES(__environ, environ)
TWO_NAMES(__daylight, daylight)
TWO_NAMES(__timezone, timezone)
TWO_NAMES(__tzname, tzname)
TWO_NAMES(__progname, program_invocation_short_name)
TWO_NAMES(__progname_full, program_invocation_name)
char *_environ;
void set(void) { __environ = "set"; }
"""
READS = "extern char *environ;\nvoid set(void);\nint main(void) { set(); return environ == 0; }\n"


def compiled(place: Path, name: str, code: str, *options: str) -> Path:
    (place / f"{name}.c").write_text(code, "utf-8")
    subprocess.run(["gcc", "-o", str(place / name), str(place / f"{name}.c"), *options], check=True)
    return place / name


def linked_and_run(place: Path, stand_in: Path) -> int:
    """Link a program that is not position independent with the stand-in, run it with the real library."""
    program = compiled(place, "program", READS, "-fno-pie", "-no-pie", str(stand_in))
    return subprocess.run([program], env={"LD_LIBRARY_PATH": str(place / "real")}).returncode


def test_a_program_sees_what_the_library_writes_under_the_other_name(tmp_path: Path) -> None:
    shared = ("-shared", "-fPIC", "-fno-builtin", "-Wl,-soname,libvars.so")
    (tmp_path / "real").mkdir()
    compiled(tmp_path / "real", "libvars.so", REAL + VARIABLES, *shared)
    stand_in = compiled(tmp_path, "libvars.so", STAND_IN + VARIABLES, *shared)
    assert linked_and_run(tmp_path, stand_in) == 1
    join_aliases(stand_in)
    assert linked_and_run(tmp_path, stand_in) == 0


def test_a_library_without_such_variables_is_refused(tmp_path: Path) -> None:
    library = compiled(tmp_path, "libvars.so", "int nothing;\n", "-shared", "-fPIC")
    with pytest.raises(PortableError, match="_environ"):
        join_aliases(library)
