"""What ELF files need is read from real ones, compiled here."""

import subprocess
from pathlib import Path

import pytest

from build.__main__ import main
from build.symbols import SymbolsError, broken, needs_of, version

# `quick_exit` came with version 2.10 of the C library on every processor that it runs on.
_USES_QUICK_EXIT = "#include <stdlib.h>\nint main(void) { quick_exit(0); }\n"


def build(directory: Path, name: str, code: str, *options: str) -> Path:
    directory.mkdir(exist_ok=True)
    source = directory.with_name("source.c")
    source.write_text(code, "utf-8")
    program = directory / name
    subprocess.run(["gcc", "-o", str(program), str(source), *options], check=True)
    return program


def library(directory: Path, name: str) -> Path:
    return build(directory, name, "int answer(void) { return 42; }\n", "-shared", "-fPIC", f"-Wl,-soname,{name}")


def test_the_newest_version_of_the_c_library_is_found(tmp_path: Path) -> None:
    build(tmp_path / "artifact", "program", _USES_QUICK_EXIT)
    (found,) = needs_of(tmp_path / "artifact")
    assert found.versions["GLIBC"] >= (2, 10)
    assert "libc.so.6" in found.libraries
    assert broken([found], None) == []
    assert broken([found], (99,)) == []
    (sentence,) = broken([found], (2, 9))
    assert "program needs GLIBC_2." in sentence
    assert "newer than 2.9" in sentence


def test_two_nine_is_older_than_two_ten() -> None:
    assert version("2.9") < version("2.10") < version("2.28") < version("2.28.1")
    with pytest.raises(SymbolsError, match="no version"):
        version("2.x")


def test_a_library_that_is_carried_is_not_missed(tmp_path: Path) -> None:
    library(tmp_path / "elsewhere", "libanswer.so.1")
    code = "int answer(void);\nint main(void) { return answer(); }\n"
    build(tmp_path / "artifact", "program", code, str(tmp_path / "elsewhere/libanswer.so.1"))
    assert broken(needs_of(tmp_path / "artifact"), None) == ["program needs libanswer.so.1, which is not carried"]
    library(tmp_path / "artifact", "libanswer.so.1")
    assert broken(needs_of(tmp_path / "artifact"), None) == []


def test_versions_that_a_library_defines_are_not_needs(tmp_path: Path) -> None:
    script = tmp_path / "versions"
    script.write_text("GLIBC_99.0 { global: answer; };\n", "utf-8")
    code = "int answer(void) { return 42; }\n"
    build(tmp_path / "artifact", "libanswer.so", code, "-shared", "-fPIC", f"-Wl,--version-script={script}")
    (found,) = needs_of(tmp_path / "artifact")
    assert found.versions.get("GLIBC", ()) < (99,)


def test_what_only_one_c_library_has_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "versions"
    script.write_text("GLIBC_PRIVATE { global: answer; };\n", "utf-8")
    code = "int answer(void) { return 42; }\n"
    options = ("-shared", "-fPIC", f"-Wl,--version-script={script}", "-Wl,-soname,libanswer.so")
    build(tmp_path / "artifact", "libanswer.so", code, *options)
    code = "int answer(void);\nint main(void) { return answer(); }\n"
    build(tmp_path / "artifact", "program", code, str(tmp_path / "artifact/libanswer.so"))
    assert broken(needs_of(tmp_path / "artifact"), None) == ["program needs GLIBC_PRIVATE"]


def test_only_elf_files_are_looked_at(tmp_path: Path) -> None:
    build(tmp_path / "artifact", "program", _USES_QUICK_EXIT)
    (tmp_path / "artifact" / "notes.txt").write_text("ELF\n", "utf-8")
    (tmp_path / "artifact" / "alias").symlink_to("program")
    assert [one.name for one in needs_of(tmp_path / "artifact")] == ["program"]


def test_a_damaged_file_is_no_good_file(tmp_path: Path) -> None:
    program = build(tmp_path / "artifact", "program", _USES_QUICK_EXIT)
    program.write_bytes(program.read_bytes()[:40])
    with pytest.raises(SymbolsError, match="cannot be read"):
        needs_of(tmp_path / "artifact")


def test_the_command_prints_a_table_and_says_what_is_broken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(tmp_path / "artifact", "program", _USES_QUICK_EXIT)
    assert main(["symbols", str(tmp_path / "artifact"), "--at-most", "99"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("program  2.")
    assert main(["symbols", str(tmp_path / "artifact"), "--at-most", "2.9"]) == 1
    assert "newer than 2.9" in capsys.readouterr().err
    assert main(["symbols", str(tmp_path / "none")]) == 1
    assert "no ELF file" in capsys.readouterr().err
