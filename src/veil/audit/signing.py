"""Signatures by a key of one's own, Ed25519, in files that openssl reads as well. Nothing is asked of anybody."""

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from veil.errors import UsageError

if TYPE_CHECKING:  # takes a twentieth of a second, and only those who sign need it
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_PURPOSE = b"veil audit entry\n"
"""Comes before what is signed, so that a signature stands for nothing else."""


class Signer:
    """Signs entries with a private key.

    Attributes:
        name: The public key's, as in fingerprint().
    """

    def __init__(self, key: "Ed25519PrivateKey") -> None:
        self._key = key
        self.name = fingerprint(key.public_key())

    def sign(self, digest: str) -> str:
        """Return the signature of an entry's hash; both in hexadecimal."""
        return self._key.sign(_PURPOSE + digest.encode()).hex()


class PublicKey:
    """Tells whether a signature is right.

    Attributes:
        name: As in fingerprint().
    """

    def __init__(self, key: "Ed25519PublicKey") -> None:
        self._key = key
        self.name = fingerprint(key)

    def has_signed(self, digest: str, signature: str) -> bool:
        """Say whether a signature is this key's for an entry's hash."""
        from cryptography.exceptions import InvalidSignature

        try:
            self._key.verify(bytes.fromhex(signature), _PURPOSE + digest.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


def fingerprint(key: "Ed25519PublicKey") -> str:
    """Return the name of a public key: the first 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:32]


def make_key(path: Path) -> Path:
    """Write a new private key, which only this user can read, and beside it its public key; return where that is.

    Raises:
        UsageError: One of the two exists, or cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public = path.with_name(f"{path.name}.pub")
    _write_new(
        public,
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        mode=0o644,
    )
    try:
        _write_new(
            path,
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
            mode=0o600,
        )
    except UsageError:
        public.unlink()
        raise
    return public


def read_key(path: Path) -> Signer:
    """Return what signs with the private key in a file.

    Raises:
        UsageError: It cannot be read, holds none, or others than its owner can read it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data = _read(path)
    if path.stat().st_mode & 0o077:
        raise UsageError(f"The key {path} can be read by others; nothing was done. Make it private: chmod 600 {path}")
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(f"{path} holds no private key that Veil can sign with; nothing was done. {_ADVICE}")
    return Signer(key)


def read_public_key(path: Path) -> PublicKey:
    """Return what checks signatures by the public key in a file.

    Raises:
        UsageError: It cannot be read or holds none.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(f"{path} holds no public key that Veil can check signatures with; nothing was checked.")
    return PublicKey(key)


_ADVICE = "Make one with veil audit --make-key FILE."


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"The key {path} cannot be read ({error.strerror}); nothing was done.") from error


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except FileExistsError as error:
        raise UsageError(f"{path} exists and was left as it is; no key was made. Choose another name.") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({error.strerror}); no key was made.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)
