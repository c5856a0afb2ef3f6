from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_server import Client, Serve, Talk, answer

from dragoman.errors import ResponseError
from dragoman.network.inflate import CodingError, Inflate

TEXT = b'{"order": "1042", "status": "late"}' * 200
GZIP = gzip.compress(TEXT, mtime=0)
ZLIB = zlib.compress(TEXT)
RAW = zlib.compressobj(wbits=-15)
BARE = RAW.compress(TEXT) + RAW.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", GZIP),
        ("x-gzip", GZIP),
        ("GZip", GZIP),
        ("gzip", gzip.compress(TEXT[:99]) + gzip.compress(b"") + gzip.compress(TEXT[99:])),
        ("deflate", ZLIB),
        ("deflate", BARE),
        ("identity", TEXT),
    ],
    ids=["gzip", "x-gzip", "case", "members", "zlib", "bare deflate", "identity"],
)
async def test_a_coding_is_undone_and_the_headers_stay_as_they_came(
    serve: Serve, client: Client, coding: str, body: bytes
) -> None:
    server = await serve(answer(body, f"Content-Encoding: {coding}"))
    response = await client.send(server)
    assert response.body == TEXT
    assert response.header("content-encoding") == coding
    assert response.header("content-length") == str(len(body))


async def test_a_chunked_coding_is_undone_whatever_the_chunks(serve: Serve, client: Client) -> None:
    async def script(talk: Talk) -> None:
        await talk.hear()
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunks = b"".join(b"1\r\n" + GZIP[i : i + 1] + b"\r\n" for i in range(len(GZIP)))
        await talk.say(head + chunks + b"0\r\n\r\n")

    server = await serve(script)
    assert (await client.send(server)).body == TEXT


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_empty_body_has_nothing_to_undo(serve: Serve, client: Client, method: str) -> None:
    server = await serve(answer(b"", "Content-Encoding: gzip"))
    assert (await client.send(server, "/", method)).body == b""


async def test_a_head_may_announce_any_length(serve: Serve, client: Client) -> None:
    server = await serve(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
    response = await client.send(server, "/", "HEAD")
    assert (response.body, response.header("content-length")) == (b"", "999999999999")


@pytest.mark.parametrize("cut", [1, 5, 10, len(GZIP) - 8, len(GZIP) - 1])
async def test_row_19_truncated_gzip_is_an_error(serve: Serve, client: Client, cut: int) -> None:
    server = await serve(answer(GZIP[:cut], "Content-Encoding: gzip"))
    with pytest.raises(ResponseError) as caught:
        await client.send(server, "/a?b")
    assert str(caught.value) == f"{server.url('/a')} sent a damaged or cut gzip body."
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", TEXT),
        ("gzip", GZIP + b"trailing"),
        ("gzip", GZIP[:50] + b"\0\0\0" + GZIP[53:]),
        ("gzip", GZIP[:-8] + b"\0" * 8),
        ("deflate", ZLIB[:-1]),
        ("deflate", BARE[:-1]),
        ("deflate", ZLIB + ZLIB),
    ],
    ids=["plain", "trailing", "bits", "checksum", "cut zlib", "cut bare deflate", "two zlib"],
)
async def test_a_damaged_body_is_an_error(
    serve: Serve, client: Client, coding: str, body: bytes
) -> None:
    server = await serve(answer(body, f"Content-Encoding: {coding}"))
    with pytest.raises(ResponseError, match=f"damaged or cut {coding} body"):
        await client.send(server)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "compress", "hunter"])
async def test_a_coding_that_was_not_asked_for_is_an_error(
    serve: Serve, client: Client, coding: str
) -> None:
    server = await serve(answer(b"x", f"Content-Encoding: {coding}"))
    with pytest.raises(ResponseError, match=f"content coding '{coding}'"):
        await client.send(server)


async def test_two_codings_in_two_headers_are_two_codings(serve: Serve, client: Client) -> None:
    server = await serve(answer(GZIP, "Content-Encoding: gzip", "Content-Encoding: gzip"))
    with pytest.raises(ResponseError, match="content coding 'gzip, gzip'"):
        await client.send(server)


async def test_row_19_a_gzip_bomb_is_stopped_before_it_is_in_memory(
    serve: Serve, client: Client
) -> None:
    bomb = _bomb(256)
    server = await serve(answer(bomb, "Content-Encoding: gzip"))
    tracemalloc.start()
    began = time.monotonic()
    try:
        with pytest.raises(ResponseError, match=r"sent more than 2 MiB\."):
            await client.send(server, max_bytes=2 * 1024 * 1024)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024
    assert time.monotonic() - began < 1


async def test_undoing_a_large_body_leaves_the_loop_to_others(serve: Serve, client: Client) -> None:
    server = await serve(answer(_bomb(15), "Content-Encoding: gzip"))
    gaps: list[float] = []

    async def beat() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0)
            gaps.append(time.monotonic() - began)

    heart = asyncio.create_task(beat())
    response = await client.send(server)
    heart.cancel()
    assert len(response.body) == 15 * 1024 * 1024
    assert max(gaps) < 0.05


def test_many_tiny_members_are_undone_in_linear_time() -> None:
    member = gzip.compress(b"")
    began = time.monotonic()
    assert list(Inflate("gzip").feed(member * 20_000)) == []
    assert time.monotonic() - began < 1


@given(st.binary(max_size=5000), st.sampled_from(["gzip", "deflate"]), st.integers(1, 100))
def test_what_was_compressed_comes_back_however_it_is_cut(
    data: bytes, coding: str, size: int
) -> None:
    packed = gzip.compress(data) if coding == "gzip" else zlib.compress(data)
    inflate = Inflate(coding)
    pieces = [
        piece
        for start in range(0, len(packed), size)
        for piece in inflate.feed(packed[start : start + size])
    ]
    inflate.finish()
    assert b"".join(pieces) == data


@given(st.binary(max_size=2000), st.sampled_from(["gzip", "deflate"]))
def test_junk_is_a_coding_error_and_nothing_else(data: bytes, coding: str) -> None:
    inflate = Inflate(coding)
    try:
        for _ in inflate.feed(data):
            pass
        inflate.finish()
    except CodingError:
        pass


def _bomb(mib: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1024 * 1024)
    return b"".join(packer.compress(zeros) for _ in range(mib)) + packer.flush()
