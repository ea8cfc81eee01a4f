"""HTTP/1.1 as it comes over the wire, and nothing but that.

A client may ask for another protocol on the way, as Java's does of every address without TLS (`Upgrade: h2c`). Who
does not speak it takes the request as if nothing had been asked (RFC 9110, 7.8). httptools stops reading at the end
of such a head, and uvicorn alone would answer a request that lost its body.
"""

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class OnlyHttp(HttpToolsProtocol):
    """One connection. A head that asks for another protocol is read again without the wish, by a parser that has
    not stopped."""

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        try:
            self._unset_keepalive_if_required()
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            (offset,) = stopped.args
            self._read_again(data[offset:])
        except httptools.HttpParserError:
            self._refuse()

    def _should_upgrade(self) -> bool:
        """Asked only of a head at which the parser stops: nothing begins with it."""
        return True

    def _read_again(self, body: bytes) -> None:
        method, version = self.parser.get_method(), self.parser.get_http_version()
        if method == b"CONNECT":  # stops the parser by itself; we are no proxy
            self._refuse()
            return
        head = [method + b" " + self.url + b" HTTP/" + version.encode()]
        head += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.data_received(b"\r\n".join([*head, b"", b""]) + body)

    def _refuse(self) -> None:
        message = "Invalid HTTP request received."
        self.logger.warning(message)
        self.send_400_response(message)
