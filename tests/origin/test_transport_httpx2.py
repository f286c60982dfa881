from __future__ import annotations

import pytest

from harness.wire.response import WireResponse

from .lanes import in_process, over_a_socket
from .test_transport import TABLE

httpx2 = pytest.importorskip("httpx2")


@pytest.mark.parametrize("planned", TABLE.values(), ids=TABLE)
def test_both_lanes_show_a_client_of_httpx2_the_same(planned: WireResponse) -> None:
    from harness.origin.transport_httpx2 import InProcessTransport2

    socket, process = (
        over_a_socket(httpx2.AsyncClient, planned),
        in_process(httpx2.AsyncClient, InProcessTransport2, planned),
    )
    assert (process.status, process.headers) == (socket.status, socket.headers)
    assert (process.raised, process.said) == (socket.raised, socket.said)
    assert b"".join(process.pieces) == b"".join(socket.pieces)
    if planned.transfer == "chunked" and planned.ending != "short_length":
        assert process.pieces == socket.pieces
    assert process.logged == socket.logged
