#!/bin/sh
# Installs ComfyDock for one user, or takes it away again. Needs no root and edits no file of a shell.
#
#   sh install.sh [--prefix DIR] [--version VERSION] [--from PLACE]
#   sh install.sh --uninstall [--prefix DIR]
#
# What it makes below the prefix (default: ~/.local):
#
#   lib/comfydock/VERSION-TOKEN/   the program; an installed version is never written to again
#   lib/comfydock/current          link to the version in use; replacing it is the one step that installs
#   lib/comfydock/previous         link to the version before it, for `comfydock self update --back`
#   lib/comfydock/made             the directories that the installation made, to remove them again
#   bin/comfydock, bin/cfd         links through `current`, like the completions and manual pages below share/
#
# PLACE, or COMFYDOCK_RELEASE_URL, is a directory or an address that holds SHA256SUMS and the archives.

set -eu

RELEASES=https://github.com/ComfyDock/ComfyDock/releases

say() { printf '%s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}

usage() {
    cat <<'TEXT'
usage: sh install.sh [--prefix DIR] [--version VERSION] [--from PLACE]
       sh install.sh --uninstall [--prefix DIR]

  --prefix DIR       where to install [default: ~/.local]
  --version VERSION  the release to install [default: the newest]
  --from PLACE       a directory or an address with SHA256SUMS and the archives
                     [default: COMFYDOCK_RELEASE_URL, the directory of this script, or GitHub]
  --uninstall        remove what was installed; workspaces stay
TEXT
}

has() { command -v "$1" >/dev/null 2>&1; }

# ---------------------------------------------------------------- what to do

read_arguments() {
    prefix='' version='' place='' uninstall=''
    while [ $# -gt 0 ]; do
        case $1 in
            --prefix | --version | --from)
                [ -n "${2:-}" ] || fail "$1 needs a value" "sh install.sh --help"
                case $1 in
                    --prefix) prefix=$2 ;;
                    --version) version=${2#v} ;;
                    --from) place=$2 ;;
                esac
                shift 2
                ;;
            --prefix=*) prefix=${1#*=} && shift ;;
            --version=*) version=${1#*=} && version=${version#v} && shift ;;
            --from=*) place=${1#*=} && shift ;;
            --uninstall) uninstall=yes && shift ;;
            -h | --help) usage && exit 0 ;;
            *) fail "unknown word: $1" "sh install.sh --help" ;;
        esac
    done
    case $version in *[!0-9A-Za-z.+-]*) fail "not a version: $version" ;; esac
    if [ -z "$prefix" ]; then
        [ -n "${HOME:-}" ] || fail "HOME is not set, so there is no default place to install to" "name one with --prefix DIR"
        prefix=$HOME/.local
    fi
    case $prefix in /*) ;; *) prefix=$(pwd)/$prefix ;; esac
    prefix=${prefix%/}
    lib=$prefix/lib/comfydock
}

has_gnu_c_library() {
    for loader in /lib*/ld-linux-* /lib*/*/ld-linux-*; do
        [ ! -e "$loader" ] || return 0
    done
    return 1
}

find_platform() {
    case $(uname -s) in
        Linux) system=linux ;;
        Darwin) system=macos ;;
        *) fail "there is no release for $(uname -s)" "pip install comfydock-cli" ;;
    esac
    case $(uname -m) in
        x86_64 | amd64) platform=$system-x86_64 ;;
        aarch64 | arm64) platform=$system-aarch64 ;;
        *) fail "there is no release for $(uname -m) processors" "pip install comfydock-cli" ;;
    esac
    [ "$system" != linux ] || has_gnu_c_library || fail \
        "this system has no GNU C library, which the release needs" "pip install comfydock-cli"
}

find_place() {
    [ -n "$place" ] || place=${COMFYDOCK_RELEASE_URL:-}
    if [ -z "$place" ]; then
        beside=$(dirname "$0")
        if [ "$(basename "$0")" = install.sh ] && [ -f "$beside/SHA256SUMS" ]; then
            place=$beside
        elif [ -n "$version" ]; then
            place=$RELEASES/download/v$version
        else
            place=$RELEASES/latest/download
        fi
    fi
    place=${place%/}
}

# ---------------------------------------------------------------- getting it

# fetch NAME FILE: a file of the release
fetch() {
    case $place in
        http://* | https://*)
            if has curl; then
                quiet=-sS
                [ ! -t 2 ] || [ "$1" = SHA256SUMS ] || quiet=-#
                curl -fL "$quiet" --retry 2 --connect-timeout 15 --speed-limit 1 --speed-time 60 -o "$2" "$place/$1" && return
            elif has wget; then
                wget -q -T 60 -O "$2" "$place/$1" && return
            else
                fail "neither curl nor wget is installed" "install one of them, or download the release and use --from DIR"
            fi
            fail "$place/$1 could not be downloaded" "check the network, or name another place with --from"
            ;;
        *)
            folder=${place#file://}
            [ -f "$folder/$1" ] || fail "there is no $1 in $folder"
            cp "$folder/$1" "$2"
            ;;
    esac
}

sha256_of() {
    if has sha256sum; then
        sha256sum "$1" | cut -c 1-64
    elif has shasum; then
        shasum -a 256 "$1" | cut -c 1-64
    elif has openssl; then
        openssl dgst -sha256 -r "$1" | cut -c 1-64
    else
        fail "there is no program to verify the download with" "install coreutils (sha256sum) or openssl"
    fi
}

# The name of the archive to install: that of the version asked for, else the newest, a finished one first.
choose_archive() {
    names=$(sed -n "s/^[0-9a-f]\{64\} [ *]\(comfydock-[0-9][0-9A-Za-z.+]*-$platform\.tar\.gz\)\$/\1/p" "$work/SHA256SUMS")
    if [ -n "$version" ]; then
        archive=comfydock-$version-$platform.tar.gz
        printf '%s\n' "$names" | grep -qxF "$archive" || fail "there is no ComfyDock $version for $platform in $place"
        return
    fi
    versions=$(printf '%s\n' "$names" | sed -n "s/^comfydock-\(.*\)-$platform\.tar\.gz\$/\1/p")
    finished=$(printf '%s\n' "$versions" | grep -x '[0-9.]*' || true)
    version=$(printf '%s\n' "${finished:-$versions}" | sort -t . -k 1,1n -k 2,2n -k 3,3n -k 4,4 | tail -n 1)
    [ -n "$version" ] || fail "there is no release for $platform in $place"
    archive=comfydock-$version-$platform.tar.gz
}

get_archive() {
    fetch SHA256SUMS "$work/SHA256SUMS"
    choose_archive
    say "Fetching ComfyDock $version from $place"
    fetch "$archive" "$work/$archive"
    wanted=$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]$archive\$/\1/p" "$work/SHA256SUMS")
    found=$(sha256_of "$work/$archive")
    [ "$found" = "$wanted" ] || fail \
        "$archive is damaged: its SHA-256 is $found, SHA256SUMS says $wanted" \
        "try again; if it stays so, do not use this download"
}

unpack_archive() {
    mkdir "$work/unpacked"
    gzip -dc "$work/$archive" | tar -xf - -C "$work/unpacked" || fail "$archive could not be unpacked" "is the disk full?"
    fresh=$work/unpacked/comfydock-$version-$platform
    [ -x "$fresh/comfydock" ] || fail "$archive is not a release of ComfyDock"
    answer=$("$fresh/comfydock" --version 2>&1) || fail "ComfyDock does not start here: $answer" "pip install comfydock-cli"
    [ "$answer" = "comfydock $version" ] || fail "$archive holds \"$answer\" instead of ComfyDock $version"
    # What tar wrote in small pieces lies in memory in small pieces and starts a sixth slower than a copy of it.
    cp -R "$fresh" "$work/copied" || fail "$archive could not be copied" "is the disk full?"
    fresh=$work/copied
}

# ---------------------------------------------------------------- putting it in place

# make_directory DIR: with what is missing above it; what was made is noted, to be removed one day
make_directory() {
    [ -d "$1" ] && return
    make_directory "$(dirname "$1")"
    mkdir "$1" 2>/dev/null || [ -d "$1" ] || fail "$1 cannot be made" "choose another place with --prefix DIR"
    made="$1
${made:-}"
}

note_directories() {
    [ -n "${made:-}" ] || return 0
    { [ ! -f "$lib/made" ] || cat "$lib/made"; printf '%s' "$made"; } >"$work/made"
    mv -f "$work/made" "$lib/made"
}

# point LINK TARGET: a link, replaced in one step. A link to a directory needs an option for that, which has two names.
point() {
    new=$work/link
    rm -f "$new"
    ln -s "$2" "$new"
    mv -fT "$new" "$1" 2>/dev/null || mv -fh "$new" "$1"
}

is_ours() {
    [ -L "$1" ] || return 1
    case $(readlink "$1") in */lib/comfydock/current/* | comfydock) return 0 ;; *) return 1 ;; esac
}

check_names() {
    for name in comfydock cfd; do
        if [ -e "$prefix/bin/$name" ] || [ -L "$prefix/bin/$name" ]; then
            is_ours "$prefix/bin/$name" || fail \
                "$prefix/bin/$name is there and was not made by this script" \
                "remove it (pip uninstall comfydock-cli?), or choose another place with --prefix DIR"
        fi
    done
}

switch() {
    target=$version-${work##*.}
    touch "$fresh"
    mv "$fresh" "$lib/$target"
    case $(readlink "$lib/current" || true) in
        '' | "$version"-*) ;; # The same version again is no version to go back to.
        *) point "$lib/previous" "$(readlink "$lib/current")" ;;
    esac
    point "$lib/current" "$target"
}

# Links for what the version brings in share/ and for the commands; links of ours that lead nowhere go.
place_links() {
    make_directory "$prefix/bin"
    point "$prefix/bin/comfydock" ../lib/comfydock/current/comfydock
    point "$prefix/bin/cfd" comfydock
    (cd "$lib/current/share" && find . -type f) >"$work/shared" 2>/dev/null || true
    while IFS= read -r name; do
        name=${name#./}
        link=$prefix/share/$name
        if [ -e "$link" ] && ! is_ours "$link"; then
            say "note: $link is there already and stays as it is"
            continue
        fi
        make_directory "$(dirname "$link")"
        up=$(printf '%s\n' "$name" | sed 's![^/]*/!../!g; s![^/]*$!!')
        point "$link" "../${up}lib/comfydock/current/share/$name"
    done <"$work/shared"
    remove_links_that_lead_nowhere
}

# Where the versions that are there have links: share/ may hold half a disk of other things.
possible_links() {
    printf '%s\n' "$prefix/bin/comfydock" "$prefix/bin/cfd"
    for share in "$lib"/[0-9]*/share; do
        [ -d "$share" ] || continue
        (cd "$share" && find . -type f) | while IFS= read -r name; do printf '%s\n' "$prefix/share/${name#./}"; done
    done
}

remove_links_that_lead_nowhere() {
    possible_links >"$work/links"
    while IFS= read -r link; do
        [ -e "$link" ] || ! is_ours "$link" || rm -f "$link"
    done <"$work/links"
}

is_in_use() {
    for exe in /proc/[0-9]*/exe; do
        case $(readlink "$exe" 2>/dev/null) in "$1"/*) return 0 ;; esac
    done
    return 1
}

# The version in use and the one before it stay, whatever is running, and what another installer may just be making.
remove_old_versions() {
    current=$(readlink "$lib/current" || true)
    previous=$(readlink "$lib/previous" || true)
    find "$lib" -maxdepth 1 -name '[0-9]*' -mmin +10 >"$work/old"
    while IFS= read -r directory; do
        name=${directory##*/}
        [ "$name" = "$current" ] || [ "$name" = "$previous" ] || is_in_use "$directory" || rm -rf "$directory"
    done <"$work/old"
    find "$lib" -maxdepth 1 -name '.new.*' -mmin +1440 -exec rm -rf {} +
}

say_how_to_reach_it() {
    say "ComfyDock $version is installed in $prefix"
    case :${PATH:-}: in
        *:"$prefix/bin":*) say "Start with: comfydock help" ;;
        *)
            say "$prefix/bin is not on your PATH. For this shell, and in the file that your shell reads at its start:"
            say "    export PATH=\"$prefix/bin:\$PATH\""
            ;;
    esac
}

install() {
    find_platform
    find_place
    check_names
    made=''
    make_directory "$lib"
    work=$(mktemp -d "$lib/.new.XXXXXX") || fail "$lib cannot be written to" "choose another place with --prefix DIR"
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap 'exit 129' HUP
    note_directories
    get_archive
    unpack_archive
    switch
    made=''
    place_links
    note_directories
    remove_old_versions
    say_how_to_reach_it
}

# ---------------------------------------------------------------- taking it away

uninstall() {
    [ -d "$lib" ] || fail "ComfyDock is not installed in $prefix" "name its place with --prefix DIR"
    for directory in "$lib"/[0-9]*; do
        ! is_in_use "$directory" || fail "ComfyDock is running from $directory" "stop it first: comfydock run --stop"
    done
    # The list first, then the links, then the program: what is interrupted can be begun again.
    directories=$(cat "$lib/made" 2>/dev/null || true)
    possible_links | while IFS= read -r link; do ! is_ours "$link" || rm -f "$link"; done
    rm -rf "$lib"
    printf '%s\n' "$directories" | sort -r | while IFS= read -r directory; do
        [ -z "$directory" ] || rmdir "$directory" 2>/dev/null || true
    done
    say "ComfyDock is uninstalled from $prefix; workspaces stay where they are"
}

# Everything is read before anything is done, so that a script that arrives in part does nothing.
main() {
    read_arguments "$@"
    if [ -n "$uninstall" ]; then uninstall; else install; fi
}

main "$@"
