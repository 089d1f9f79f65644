"""Whether a bundle is what somebody signed."""

import os

from comfydock_core.integrations import ssh_keys
from comfydock_core.integrations.git import queries
from comfydock_core.models.exceptions import InvalidSetting
from comfydock_core.models.sharing import BUNDLE_MANIFEST, Signer, Verification
from comfydock_core.repositories.bundles.reading import BundleFile

# Where git itself looks for those whose signatures it believes.
_SETTING = "gpg.ssh.allowedSignersFile"


def verify_bundle(bundle: BundleFile, signers: str | None, *, required: bool = False) -> Verification:
    """What is known of a bundle that was read, which compared every member with its digest.

    With `signers`, or where a signature is `required`, only one by somebody in that file counts; git's own file of
    signers stands in for one that is not named. Raises `SignatureRefused`, `InvalidSetting`, `SigningFailed`,
    `ToolMissing`.
    """
    signer: Signer | None = None
    wanted = required or signers is not None
    if bundle.content is None or bundle.signature is None:
        if wanted:
            lacks = f"no `{BUNDLE_MANIFEST}`" if bundle.content is None else "no signature"
            raise ssh_keys.refused(f"it has {lacks}", {"path": bundle.path})
    else:
        signer = ssh_keys.signer_of(bundle.content, bundle.signature, _allowed(signers) if wanted else None)
    return Verification(len(bundle.digests), bundle.size, bundle.manifest is not None, signer, signer is not None)


def _allowed(signers: str | None) -> str:
    named = signers or queries.config_value(os.path.abspath(os.sep), _SETTING)
    if named is None:
        raise InvalidSetting(
            "nobody is named whose signature counts",
            hint=f"name a file of allowed signers with `--signers`, or in git's setting `{_SETTING}`",
            context={"setting": _SETTING},
        )
    path = os.path.abspath(os.path.expanduser(named))
    if not os.path.isfile(path):
        raise InvalidSetting(
            f"there is no file of allowed signers `{path}`",
            hint="`man ssh-keygen` describes it under ALLOWED SIGNERS: a name and a public key on each line",
            context={"path": path},
        )
    return path
