"""What aiohttp raises, as errors of ours: its own print headers and the query.

The texts are made here, from the address without its query and from what the system says of an
error number; of an aiohttp exception nothing is quoted but what OpenSSL says of a certificate.
"""

from __future__ import annotations

import os
import ssl

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from dragoman.errors import (
    CertificateError,
    CutAnswerError,
    DragomanError,
    NetworkError,
    ResponseError,
)
from dragoman.network.attempt import Attempt
from dragoman.network.message import Bounds
from dragoman.network.reach import refusal
from dragoman.network.way import proxy_refusal

__all__ = ["CLIENT_FAULTS", "as_error", "too_late"]

# RuntimeError: "Session is closed", "Connection closed."
CLIENT_FAULTS = (aiohttp.ClientError, HttpProcessingError, OSError, RuntimeError)


def as_error(fault: BaseException, attempt: Attempt) -> DragomanError:
    """Return the error to raise for a fault of the client."""
    shown = attempt.address.shown
    if attempt.refused and not attempt.sent:
        return refusal(attempt.address, attempt.refused)
    if isinstance(fault, aiohttp.ClientHttpProxyError):
        return proxy_refusal(shown, attempt.proxy, fault.status)
    if not attempt.sent:
        return _unsent(shown, fault, attempt)
    if attempt.answered:
        return CutAnswerError(f"{shown} cut its answer off, or sent one that is malformed.")
    if isinstance(fault, (aiohttp.ClientResponseError, HttpProcessingError)):
        return ResponseError(
            f"{shown} sent headers that cannot be read: too large, malformed, or not HTTP."
        )
    return NetworkError(f"{shown} closed the connection without an answer.", sent=True)


def _unsent(shown: str, fault: BaseException, attempt: Attempt) -> NetworkError:
    if isinstance(fault, aiohttp.ClientProxyConnectionError):
        shown = f"The proxy {attempt.proxy}"
    detail = f"{shown} {_not_connected(fault)}"
    if isinstance(
        fault, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)
    ):
        return CertificateError(detail)
    return NetworkError(detail, sent=False)


def too_late(bounds: Bounds, attempt: Attempt) -> NetworkError:
    """Return the error for an exchange that one of its bounds of time ended."""
    seconds, first = bounds.seconds, bounds.first_byte_seconds
    if first is not None and first < seconds and not attempt.answered:
        shown = f"{first:g} s (first_byte)"
    else:
        shown = f"{seconds:g} s"
    what = "could not be connected to"
    if attempt.sent:
        what = "did not finish its answer" if attempt.answered else "gave no answer"
    detail = f"{attempt.address.shown} {what} within {shown}."
    return NetworkError(detail, sent=attempt.sent)


def _not_connected(fault: BaseException) -> str:
    if isinstance(fault, aiohttp.ClientConnectorDNSError):
        return "has no address: its name could not be resolved."
    if isinstance(fault, aiohttp.ClientConnectorCertificateError):
        return f"showed a certificate that is not accepted{_certificate(fault)}."
    if isinstance(fault, aiohttp.ClientConnectorSSLError):
        return "does not speak TLS as it should."
    if isinstance(fault, aiohttp.ClientConnectorError):
        return _os_error(fault.os_error)
    return "could not be connected to."


def _os_error(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection."
    if isinstance(error, ConnectionResetError):
        return "closed the connection while it was being made."
    reason = f": {os.strerror(error.errno)}" if error.errno else ""
    return f"could not be connected to{reason}."


def _certificate(fault: aiohttp.ClientConnectorCertificateError) -> str:
    error = fault.certificate_error
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ""
    return f": {error.verify_message.removesuffix('.')}"
