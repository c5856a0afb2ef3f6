"""The loopback address waits for the answer of the authorization server, and for nothing else."""

from __future__ import annotations

import aiohttp

from dragoman.servers.callback import callback


async def test_a_request_that_is_no_answer_does_not_end_the_waiting() -> None:
    async with callback() as waiting, aiohttp.ClientSession() as browser:
        for query in ("", "?code=x", "?state=x", "?other=1"):
            async with browser.get(waiting.redirect_uri + query) as answered:
                assert answered.status == 400
        assert not waiting.brought.done()
        async with browser.get(waiting.redirect_uri + "?error=access_denied&state=s") as answered:
            assert answered.status == 200
        assert await waiting.brought == {"error": "access_denied", "state": "s"}
