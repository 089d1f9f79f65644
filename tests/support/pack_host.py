"""Everything that node packs come from, on loopback: the registry, its archives, GitHub's API and git repositories.

`with pack_host(tmp_path) as host:` runs it; `host.variables()` leads ComfyDock and git there, `https://github.com/`
included. Every `add_…` makes a pack that is special in one way.
"""

import contextlib
import hashlib
import http.server
import io
import json
import os
import re
import stat
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from tests.support.git_server import GitServer, git_serving
from tests.support.miniature import commit, git

ACTIVE, PENDING, FLAGGED, BANNED, DELETED = (
    f"NodeVersionStatus{name}" for name in ("Active", "Pending", "Flagged", "Banned", "Deleted")
)
_EPOCH = (2020, 1, 1, 0, 0, 0)

Files = Mapping[str, str | bytes]


def pack_files(node: str = "FancyBlur", requirements: str | None = None) -> dict[str, str | bytes]:
    """The files of a small pack that has one node."""
    files: dict[str, str | bytes] = {
        "__init__.py": f"class {node}:\n    pass\n\n\nNODE_CLASS_MAPPINGS = {{'{node}': {node}}}\n",
        "README.md": f"# {node}\n",
    }
    return files if requirements is None else {**files, "requirements.txt": requirements}


def zip_archive(files: Files, links: Mapping[str, str] | None = None) -> bytes:
    """A zip archive; the same input gives the same bytes."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return whole.getvalue()


@dataclass(slots=True)
class Archive:
    """One file of the CDN.

    `cuts` are how many more answers break off in the middle; -1 are all of them. With `waits` they stop there until who
    asked goes away.
    """

    content: bytes
    cuts: int = 0
    ranges: bool = True
    waits: bool = False

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'


@dataclass(slots=True)
class PackHost:
    """What is served. `requests` are the paths that were asked for, those of git apart in `git.requests`.

    `forbidden` are banned packs, whose versions the registry does not give; with another `registry_status` than 200 it
    answers nothing else.
    """

    root: Path
    git: GitServer
    url: str = ""
    requests: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    nodes: dict[str, dict[str, object]] = field(default_factory=dict)
    versions: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    archives: dict[str, Archive] = field(default_factory=dict)
    registry_status: int = 200
    forbidden: set[str] = field(default_factory=set)
    github_limited: bool = False

    def variables(self) -> dict[str, str]:
        """What leads ComfyDock and git here, and nowhere else."""
        return {
            "COMFYDOCK_REGISTRY_URL": f"{self.url}/registry",
            "COMFYDOCK_GITHUB_API_URL": f"{self.url}/github",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.{self.git.address('')}.insteadOf",
            "GIT_CONFIG_VALUE_0": "https://github.com/",
        }

    def add(
        self,
        identifier: str,
        version: str = "1.0.0",
        *,
        files: Files | None = None,
        archive: bytes | None = None,
        status: str = ACTIVE,
        deprecated: bool = False,
        repository: str = "",
        download: bool = True,
        name: str | None = None,
    ) -> str:
        """Add a version to the registry, the newest of its pack; returns the address of its archive.

        `archive` are its bytes, else `files` are packed, else those of a small working pack.
        """
        path = f"/cdn/{identifier}/{version}/node.zip"
        content = archive if archive is not None else zip_archive(files if files is not None else pack_files())
        self.archives[path] = Archive(content)
        record: dict[str, object] = {
            "id": f"{identifier}-{version}",
            "node_id": identifier,
            "version": version,
            "status": status,
            "deprecated": deprecated,
            "changelog": "",
            "dependencies": [],
            "createdAt": f"2026-01-{len(self.versions.get(identifier, [])) + 1:02}T00:00:00Z",
        }
        if download:
            record["downloadUrl"] = self.url + path
        known = self.versions.setdefault(identifier, [])
        known[:] = [record, *(one for one in known if one["version"] != version)]
        node = self.nodes.setdefault(
            identifier, {"id": identifier, "description": "A pack", "status": "NodeStatusActive"}
        )
        node |= {"name": name or identifier, "repository": repository, "latest_version": record}
        return self.url + path

    def add_with_requirements(self, identifier: str, requirements: str, version: str = "1.0.0") -> str:
        return self.add(identifier, version, files=pack_files(requirements=requirements))

    def add_huge(self, identifier: str, size: int = 300_000_000) -> str:
        """An archive of a few hundred kilobytes that becomes `size` bytes."""
        return self.add(identifier, files={**pack_files(), "zeros.bin": bytes(size)})

    def add_escaping(self, identifier: str) -> str:
        """An archive with a file outside its directory."""
        return self.add(identifier, files={**pack_files(), "../escaped.py": "escaped = True\n"})

    def add_link_escaping(self, identifier: str) -> str:
        """An archive with a link out of its directory."""
        return self.add(identifier, archive=zip_archive(pack_files(), {"passwords": "../../../../etc/passwd"}))

    def add_truncated(self, identifier: str) -> str:
        """An archive that was cut before it was published."""
        content = zip_archive({**pack_files(), "data.bin": os.urandom(10_000)})
        return self.add(identifier, archive=content[: len(content) // 2])

    def add_vanishing(self, identifier: str, cuts: int = 1, *, ranges: bool = True) -> str:
        """An archive whose connection breaks in the middle, `cuts` times; -1 is for ever."""
        address = self.add(identifier, files={**pack_files(), "data.bin": os.urandom(400_000)})
        self.archive(address).cuts = cuts
        self.archive(address).ranges = ranges
        return address

    def archive(self, address: str) -> Archive:
        return self.archives[urlsplit(address).path]

    def replace_archive(self, address: str, files: Files) -> None:
        """Publish something else under an address that was known before."""
        self.archive(address).content = zip_archive(files)

    def add_repository(self, owner: str, name: str, files: Files | None = None, *, tag: str | None = None) -> str:
        """A git repository, or one more commit of it; returns its commit. It is `https://github.com/OWNER/NAME`."""
        place = self.repository(owner, name)
        if not place.exists():
            place.mkdir(parents=True)
            git(place, "init", "--quiet", "--initial-branch=main")
        for path, content in (files if files is not None else pack_files()).items():
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        made = commit(place, f"Change {name}")
        if tag is not None:
            git(place, "tag", tag)
        return made

    def repository(self, owner: str, name: str) -> Path:
        """Where a repository lies: a work tree, in which tests may call git."""
        return self.root / owner / f"{name}.git"

    def address(self, owner: str, name: str) -> str:
        """A repository's address at a host that is not GitHub."""
        return self.git.address(f"{owner}/{name}")

    def registry_answer(self, path: str, query: dict[str, list[str]]) -> object | None:
        if path == "/nodes/search":
            words = query.get("search", [""])[0].lower()
            found = [node for key, node in self.nodes.items() if words in key]
            return {"nodes": found[: int(query.get("limit", ["10"])[0])], "total": len(found)}
        match = re.fullmatch(r"/nodes/([^/]+)(/versions|/install)?", path)
        if match is None or match[1] not in self.nodes:
            return None
        if match[2] is None:
            return self.nodes[match[1]]
        versions = self.versions[match[1]]
        if match[2] == "/versions":
            return versions
        wanted = query.get("version", [versions[0]["version"]])[0]
        return next((record for record in versions if record["version"] == wanted), None)

    def github_answer(self, path: str) -> object | None:
        match = re.fullmatch(r"/repos/([^/]+)/([^/]+?)(?:/commits/(.+))?", path)
        place = self.repository(match[1], match[2]) if match else None
        if match is None or place is None or not place.exists():
            return None
        if match[3] is None:
            branch = git(place, "symbolic-ref", "--short", "HEAD").strip()
            return {"default_branch": branch, "clone_url": f"https://github.com/{match[1]}/{match[2]}.git"}
        found = git(place, "for-each-ref", "--format=%(refname:short) %(objectname)").splitlines()
        commits = dict(line.split(" ") for line in found)
        every = git(place, "rev-list", "--all").split()
        sha = commits.get(match[3]) or next((one for one in every if one.startswith(match[3])), None)
        return {"sha": sha} if sha else None


class _Handler(http.server.BaseHTTPRequestHandler):
    host: PackHost

    def do_GET(self) -> None:
        self.host.requests.append(self.path)
        self.host.headers.append({name.lower(): value for name, value in self.headers.items()})
        address = urlsplit(self.path)
        path, query = unquote(address.path), parse_qs(address.query)
        if path in self.host.archives:
            self._send_archive(self.host.archives[path])
        elif path.startswith("/registry/") and self.host.registry_status != 200:
            self._send(self.host.registry_status, b"{}", {"Retry-After": "0"})
        elif path in {f"/registry/nodes/{one}/versions" for one in self.host.forbidden}:
            self._send(403, b'{"message": "Node banned"}', {})
        elif path.startswith("/registry/"):
            self._send_json(self.host.registry_answer(path.removeprefix("/registry"), query))
        elif path.startswith("/github/") and self.host.github_limited:
            self._send(403, b'{"message": "API rate limit exceeded"}', {"X-RateLimit-Remaining": "0"})
        elif path.startswith("/github/"):
            self._send_json(self.host.github_answer(path.removeprefix("/github")))
        else:
            self._send_json(None)

    def _send_json(self, value: object | None) -> None:
        """JSON with a validator, 304 for who has it already, 404 for what is not there."""
        if value is None:
            self._send(404, b'{"message": "Not Found"}', {})
            return
        content = json.dumps(value).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        known = self.headers.get("If-None-Match") == etag
        self._send(304 if known else 200, b"" if known else content, {"ETag": etag})

    def _send_archive(self, archive: Archive) -> None:
        content, status, headers = archive.content, 200, {"ETag": archive.etag}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and archive.ranges and self.headers.get("If-Range", archive.etag) == archive.etag:
            start = int(asked[1])
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content, status = content[start:], 206
        if archive.waits:
            self._send(status, content[: len(content) // 2], headers, announced=len(content))
            self.connection.recv(1)
            self.close_connection = True
            return
        if archive.cuts == 0:
            self._send(status, content, headers)
            return
        archive.cuts -= 1
        self._send(status, content[: len(content) // 2], headers, announced=len(content))
        self.close_connection = True

    def _send(self, status: int, content: bytes, headers: Mapping[str, str], announced: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if announced is None else announced))
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # Who asked may refuse to hear more.
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@contextlib.contextmanager
def pack_host(root: Path) -> Iterator[PackHost]:
    """A host that runs while the block does; its repositories lie below `root`."""
    with git_serving(root) as git_server:
        host = PackHost(root, git_server)
        handler = type("Handler", (_Handler,), {"host": host})
        listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        host.url = f"http://127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield host
        finally:
            listener.shutdown()
            thread.join()
            listener.server_close()
