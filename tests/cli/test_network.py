"""Proxies and company CAs: what the environment says is used, and an error names it."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from iru_mcp.cli import main

Serve = Callable[[bytes], "Served"]
USERS = json.dumps({"count": 0, "next": None, "previous": None, "results": []}).encode()
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(
    USERS
)
CALL = ["call", "list_users", "limit=1"]


class Served:
    """A socket with one answer for all, over TLS if it is given a certificate; what it was asked."""

    def __init__(self, answer: bytes, context: ssl.SSLContext | None = None) -> None:
        self.answer = answer
        self.context = context
        self.heads: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.place = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = self.listener.accept()
                with contextlib.suppress(OSError), self._wrapped(taken) as stream:
                    self.heads.append(stream.recv(65_536))
                    stream.sendall(self.answer)

    def _wrapped(self, taken: socket.socket) -> socket.socket:
        return self.context.wrap_socket(taken, server_side=True) if self.context else taken

    def close(self) -> None:
        with contextlib.suppress(OSError):  # on Windows closing it is enough
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("IRU_", "KANDJI_", "SSL_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("IRU_API_TOKEN", "tok-5e1f-not-to-be-seen")


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    served: list[Served] = []

    def begin(answer: bytes, context: ssl.SSLContext | None = None) -> Served:
        served.append(Served(answer, context))
        return served[-1]

    yield begin
    for one in served:
        one.close()


@pytest.fixture
def company(tmp_path: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate from a CA that nobody trusts, and the CA's own as a file."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme CA")])
    now = dt.datetime.now(dt.UTC)

    def issue(
        subject: x509.Name, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> bytes:
        made = x509.CertificateBuilder(name, subject, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        made = made.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        return (
            made.add_extension(names, critical=False).sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    trusted, chain = tmp_path / "ca.pem", tmp_path / "server.pem"
    trusted.write_bytes(issue(name, authority, authority, ca=True))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    chain.write_bytes(issue(subject, own, authority, ca=False) + own.private_bytes(*plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, trusted


def test_a_certificate_of_an_unknown_ca_is_refused_and_the_remedy_named(
    serve: Callable[..., Served],
    company: tuple[ssl.SSLContext, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """D17."""
    iru = serve(OK + USERS, company[0])
    monkeypatch.setenv("IRU_API_URL", f"https://localhost:{iru.place.rpartition(':')[2]}")
    assert main(CALL) == 1
    err = capsys.readouterr().err
    assert "certificate" in err
    assert "SSL_CERT_FILE" in err
    assert iru.heads == []


def test_the_company_ca_in_ssl_cert_file_is_trusted(
    serve: Callable[..., Served], company: tuple[ssl.SSLContext, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D17."""
    iru = serve(OK + USERS, company[0])
    monkeypatch.setenv("IRU_API_URL", f"https://localhost:{iru.place.rpartition(':')[2]}")
    monkeypatch.setenv("SSL_CERT_FILE", str(company[1]))
    assert main(CALL) == 0
    assert len(iru.heads) == 1


def test_a_ca_file_that_is_none_is_a_setting_to_correct(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """D17."""
    monkeypatch.setenv("IRU_API_URL", "https://localhost:9")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert main(CALL) == 2
    assert "SSL_CERT_FILE" in capsys.readouterr().err


def test_a_proxy_that_refuses_is_named_and_never_sees_the_token(
    serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """D17."""
    proxy = serve(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    monkeypatch.setenv("IRU_API_URL", "https://acme.api.kandji.io")
    monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy.place}")
    assert main(CALL) == 1
    assert "HTTPS_PROXY" in capsys.readouterr().err
    assert proxy.heads
    assert all(head.startswith(b"CONNECT acme.api.kandji.io:443 ") for head in proxy.heads)
    assert not any(b"tok-5e1f" in head for head in proxy.heads)


def test_no_proxy_leads_past_the_proxy(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> None:
    """D17."""
    iru, proxy = serve(OK + USERS), serve(b"")
    monkeypatch.setenv("IRU_API_URL", f"http://{iru.place}")
    monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.place}")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert main(CALL) == 0
    assert (len(iru.heads), len(proxy.heads)) == (1, 0)
