"""Decide whether a connection to an SQL server is encrypted, and which certificate authorities it trusts."""

import ssl
from pathlib import Path
from typing import Final

from holdall.adapters._shared.servers import check_ca, is_local
from holdall.errors import InvalidAddress

OFF: Final = "off"
SYSTEM: Final = "system"

_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, Red Hat
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # Alpine, macOS
)


def tls_of(scheme: str, tls: str | None, host: str) -> str:
    """Return ``tls``, which is OFF, SYSTEM or a file of certificates. Raises InvalidAddress if it is empty.

    None becomes OFF if ``host`` is this machine, else SYSTEM.
    """
    if tls is None:
        return OFF if is_local(host) else SYSTEM
    if not tls:
        raise InvalidAddress(
            f"{scheme}: tls= is empty; write tls=system, tls=off, or tls=FILE of certificates"
        )
    return tls


def file_of(scheme: str, tls: str) -> str | None:
    """The file of certificates that ``tls`` names; None for SYSTEM.

    Raises InvalidAddress if the file does not hold certificates.
    """
    if tls == SYSTEM:
        return None
    check_ca(scheme, tls, "tls")
    return tls


def system_bundle() -> str | None:
    """The file of the certificate authorities that this system trusts; None if no such file is found."""
    files = (ssl.get_default_verify_paths().cafile, *_BUNDLES)
    return next((file for file in files if file and Path(file).is_file()), None)
