"""Signatures by keys that people have already: `ssh-keygen -Y`."""

import os
import re
import tempfile
from collections.abc import Sequence

from comfydock_core.integrations import process
from comfydock_core.integrations.process import Completed
from comfydock_core.models.exceptions import SignatureRefused, SigningFailed
from comfydock_core.models.sharing import NAMESPACE, Signer
from comfydock_core.utils.child_environment import child_environment

_PROGRAM = "ssh-keygen"
_HINT_MISSING = "install OpenSSH 8.1 or later and make sure that `ssh-keygen` is on PATH"
_KEY = re.compile(r"with (\S+ key \S+)")


def sign(content: bytes, key: str) -> bytes:
    """A signature of some content by a private key, or by the agent for a public one.

    Nobody is asked for a passphrase. Raises `SigningFailed`, `ToolMissing`.
    """
    key = os.path.abspath(os.path.expanduser(key))
    done = _run(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", key], content)
    if done.returncode != 0 or "BEGIN SSH SIGNATURE" not in done.output:
        raise SigningFailed(
            f"cannot sign with `{key}`: {done.ending(_PROGRAM)}\n{done.text}".rstrip(),
            hint="name a private key, or a public one whose private key is in the agent (`ssh-add -l` lists them)",
            context={"key": key, "output": done.text},
        )
    return (done.output.rstrip("\n") + "\n").encode()


def signer_of(content: bytes, signature: bytes, signers: str | None) -> Signer:
    """Who signed some content: by its name in the file of those who may, or by the key alone without such a file.

    Raises `SignatureRefused` for a signature of other content or by others, `SigningFailed`, `ToolMissing`.
    """
    with tempfile.NamedTemporaryFile(prefix="comfydock-signature-") as file:
        file.write(signature)
        file.flush()
        done = _run(["-Y", "check-novalidate", "-n", NAMESPACE, "-s", file.name], content)
        if done.returncode != 0:
            raise refused("its signature is not one of what it holds", {"output": done.text})
        found = _KEY.search(done.text)
        key = found[1] if found else "an unknown key"
        if signers is None:
            return Signer(None, key)
        place = os.path.abspath(os.path.expanduser(signers))
        asked = _run(["-Y", "find-principals", "-s", file.name, "-f", place], b"")
        for name in asked.output.splitlines() if asked.returncode == 0 else ():
            words = ["-Y", "verify", "-n", NAMESPACE, "-s", file.name, "-f", place, "-I", name]
            if name and _run(words, content).returncode == 0:
                return Signer(name, key)
    raise refused(f"it is signed with {key}, which `{place}` does not allow", {"key": key, "signers": place})


def refused(reason: str, context: dict[str, object]) -> SignatureRefused:
    """The error for a bundle that nobody who may has signed as it is."""
    return SignatureRefused(
        f"the bundle is not trusted: {reason}",
        hint="ask for it once more, or name with `--signers` a file that lists the key of its author",
        context=context,
    )


def _run(words: Sequence[str], given: bytes) -> Completed:
    environment = {**child_environment(), "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}
    return process.capture(
        [_PROGRAM, *words], cwd=os.path.abspath(os.sep), env=environment, hint=_HINT_MISSING, given=given
    )
