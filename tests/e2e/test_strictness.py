"""What weir refuses, over the socket: each input whole in one write, and one byte at a time. A refusal is one response that says it closes,
then the end: nothing behind it is ever interpreted, so a request that hides in the rest is never answered."""

from support import Client, E2E, Truncated, quick, shared

GET = "GET / HTTP/1.1\r\n"
POST = "POST / HTTP/1.1\r\nHost: x\r\n"
END = "\r\n\r\n"
CHUNKED = POST + "Transfer-Encoding: chunked" + END
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: x" + END
LONG = "9" * 300

# rule, what it is, the bytes, the statuses that may come: the first refusal, or 200 for each request that is taken
REFUSED = (
    ("G1", "a bare LF after the request line", "GET / HTTP/1.1\nHost: x" + END, {400}),
    ("G1", "a bare LF after a field", GET + "Host: x\nA: b" + END, {400}),
    ("G1", "a bare LF as the empty line", GET + "Host: x\r\n\n", {400}),
    ("G1", "a head of bare LF alone", "GET / HTTP/1.1\nHost: x\n\n", {400}),
    ("G1", "a bare LF after the last chunk", CHUNKED + "0\r\n\n", {400}),
    ("G1", "a bare LF after a chunk size", CHUNKED + "1\na\r\n0" + END, {400}),
    ("G1", "a bare LF after chunk data", CHUNKED + "1\r\na\n0" + END, {400}),
    ("G1", "a bare LF after a trailer", CHUNKED + "0\r\nA: b\n\r\n", {400}),
    ("G1", "a leading LF", "\n" + GET + "Host: x" + END, {400}),
    ("G1", "a leading CR", "\r" + GET + "Host: x" + END, {400}),
    ("G1", "a bare CR inside a value", GET + "Host: x\r\nX-Abc: \rxTransfer-Encoding: chunked" + END, {400}),
    ("G1", "a bare CR at the end of a head", GET + "Host: x\r\n\rX", {400}),
    ("G1", "two bytes that are no CRLF after chunk data", CHUNKED + "1\r\naXY0" + END, {400}),
    ("G2", "a folded line with SP", GET + "Host: x\r\nA: b\r\n c" + END, {400}),
    ("G2", "a folded line with HT", GET + "Host: x\r\nA: b\r\n\tc" + END, {400}),
    ("G2", "a length hidden in a folded Host", POST.replace("POST", "GET")[:-2] + "\r\n Content-Length: 5" + END, {400}),
    ("G2", "a folded Content-Length", POST + "Content-Length:\r\n 5" + END + "abcde", {400}),
    ("G2", "a folded Transfer-Encoding", POST + "Transfer-Encoding:\r\n chunked" + END + "0" + END, {400}),
    ("G2", "a folded trailer", CHUNKED + "0\r\nA: b\r\n c" + END, {400}),
    ("G2", "a blank before the first field", GET + " Host: x" + END, {400}),
    ("G2", "an empty field name", GET + "Host: x\r\n: y" + END, {400}),
    ("G2", "an empty trailer name", CHUNKED + "0\r\n: y" + END, {400}),
    ("G3", "HTTP/0.9 without a version", "GET /\r\n", {400}),
    ("G3", "HTTP/0.9 with fields", "GET /\r\nHost: x" + END, {400}),
    ("G3", "HTTP/0.9 that says so", "GET / HTTP/0.9\r\nHost: x" + END, {505}),
    ("G3", "HTTP/2.0", "GET / HTTP/2.0\r\nHost: x" + END, {505}),
    ("G3", "HTTP/1.2", "GET / HTTP/1.2\r\nHost: x" + END, {505}),
    ("G3", "HTTP/1.9", "GET / HTTP/1.9\r\nHost: x" + END, {505}),
    ("G3", "HTTP/3.0", "GET / HTTP/3.0\r\nHost: x" + END, {505}),
    ("G3", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 501, 505}),
    ("G3", "RTSP", "GET / RTSP/1.0\r\nHost: x" + END, {400}),
    ("G3", "ICE", "SOURCE / ICE/1.0\r\nHost: x" + END, {400, 501}),
    ("G3", "http in small letters", "GET / http/1.1\r\nHost: x" + END, {400}),
    ("G3", "a version of one digit", "GET / HTTP/1\r\nHost: x" + END, {400}),
    ("G3", "a blank after the version", "GET / HTTP/1.1 \r\nHost: x" + END, {400}),
    ("G4", "Content-Length in trailers", CHUNKED + "0\r\nContent-Length: 5" + END, {400}),
    ("G4", "Host in trailers", CHUNKED + "0\r\nHost: y" + END, {400}),
    ("G4", "Transfer-Encoding in trailers", CHUNKED + "0\r\nTransfer-Encoding: chunked" + END, {400}),
    ("G4", "Authorization in trailers", CHUNKED + "0\r\nAuthorization: x" + END, {400}),
    ("G4", "Content-Type in trailers", CHUNKED + "0\r\ncontent-type: x/y" + END, {400}),
    ("G5", "a chunk extension that is too long", CHUNKED + "1;a=" + "b" * 300 + "\r\na\r\n0" + END, {400}),
    ("G5", "chunk extensions that are too long together", CHUNKED + ("1;a=" + "b" * 200 + "\r\na\r\n") * 25 + "0" + END, {400}),
    ("G5", "a chunk extension that ends in a semicolon", CHUNKED + "1;a=\"q\";a=b;\r\na\r\n0" + END, {400}),
    ("G5", "a chunk extension without a name", CHUNKED + "1;=x\r\na\r\n0" + END, {400}),
    ("G5", "a chunk size of 17 digits", CHUNKED + "00000000000000001\r\na\r\n0" + END, {400}),
    ("G5", "a chunk size with a sign", CHUNKED + "+1\r\na\r\n0" + END, {400}),
    ("G5", "a chunk size with 0x", CHUNKED + "0x1\r\na\r\n0" + END, {400}),
    ("G5", "a blank before a chunk size", CHUNKED + " 1\r\na\r\n0" + END, {400}),
    ("G5", "a chunk without a size", CHUNKED + "\r\na\r\n0" + END, {400}),
    ("G5", "the largest chunk size", CHUNKED + "ffffffffffffffff\r\na", {400, 413}),
    ("G6", "two spaces before the target", "GET  / HTTP/1.1\r\nHost: x" + END, {400}),
    ("G6", "two spaces before the version", "GET /  HTTP/1.1\r\nHost: x" + END, {400}),
    ("G6", "a leading space", " GET / HTTP/1.1\r\nHost: x" + END, {400}),
    ("G6", "tabs between the tokens", "GET\t/\tHTTP/1.1\r\nHost: x" + END, {400}),
    ("G6", "two empty lines before the request", "\r\n\r\n" + GET + "Host: x" + END, {400}),
    ("G7", "a target without a slash", "GET a HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "an asterisk with GET", "GET * HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "an asterisk and more", "OPTIONS *a HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "a scheme that is not http", "GET ftp://x/ HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "a file URL", "GET file:///etc/passwd HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "userinfo", "GET http://user@x/ HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "userinfo with a password", "GET http://x:y@z/ HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "an absolute target without a host", "GET http:///a HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "a fragment", "GET /a#b HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "a percent without hex digits", "GET /%zz HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "a percent at the end", "GET /a% HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "half a percent code in the query", "GET /?a=%4 HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "an encoded NUL", "GET /a%00b HTTP/1.1\r\nHost: x" + END, {400}),
    *(("G7", f"a raw {c!r} in the target", f"GET /a{c}b HTTP/1.1\r\nHost: x" + END, {400}) for c in "\"<>\\^{|}`[]"),
    *(("G7", f"byte {b:#x} in the target", f"GET /a{chr(b)}b HTTP/1.1\r\nHost: x" + END, {400})
      for b in (0, 1, 9, 11, 12, 127, 128, 160, 255)),
    ("G7", "CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "CONNECT without a port", "CONNECT x HTTP/1.1\r\nHost: x" + END, {400}),
    ("G7", "climbing above the root", "GET /../a HTTP/1.1\r\nHost: x" + END, {400}),
    ("G8", "no Host", GET + "A: b" + END, {400}),
    ("G8", "no field at all", GET + "\r\n", {400}),
    ("G8", "two Hosts", GET + "Host: x\r\nHost: x" + END, {400}),
    ("G8", "two Hosts on HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\nHost: y" + END, {400}),
    ("G8", "an empty Host", GET + "Host:" + END, {400}),
    *(("G8", f"a Host of {h}", GET + f"Host: {h}" + END, {400})
      for h in ("a b", "a/b", "a@b", "a:b", "a:99999", "a:123456", "[::1", "x?y", "x#y", "\"x\"", ":80", "a\\b", "<x>")),
    ("G9", "an empty Transfer-Encoding beside Content-Length", POST + "Transfer-Encoding:\r\nContent-Length: 5" + END + "abcde",
     {400, 501}),
    ("G9", "an empty Transfer-Encoding", POST + "Transfer-Encoding:" + END, {400, 501}),
    ("G9", "an empty Transfer-Encoding behind chunked", POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding:" + END + "0" + END,
     {400, 501}),
    ("G9", "two Transfer-Encodings", POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked" + END + "0" + END, {400}),
    *(("G9", f"Transfer-Encoding: {c}", POST + f"Transfer-Encoding: {c}" + END + "0" + END, {400, 501})
      for c in ("identity, chunked", ",chunked", "chunked,", "chunked, identity", "chunked, chunked", "xchunked", "chunked;a=b", "identity",
                "\"chunked\"", "chunke", "\x0bchunked", "chunked\x80")),
    ("G9", "a coding that weir does not know", POST + "Transfer-Encoding: gzip, chunked" + END + "0" + END, {501}),
    ("G9", "a coding that leaves the length unknown", POST + "Transfer-Encoding: gzip" + END, {400}),
    ("G9", "Transfer-Encoding on HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked" + END + "0" + END, {400}),
    ("G9", "Content-Length before Transfer-Encoding", POST + "Content-Length: 5\r\nTransfer-Encoding: chunked" + END + "0" + END, {400}),
    ("G9", "Transfer-Encoding before Content-Length", POST + "Transfer-Encoding: chunked\r\nContent-Length: 5" + END + "0" + END, {400}),
    ("G9", "a blank before the colon of Transfer-Encoding", POST + "Transfer-Encoding : chunked\r\nContent-Length: 5" + END + "0" + END,
     {400}),
    *(("G10", f"Content-Length: {n[:40]}", POST + f"Content-Length: {n}" + END + "abcde", {400})
      for n in ("005", "00", "+5", "-5", "0x5", "5,5", "5, 5", "5 5", "", "5a", "a", "5.0", "5e0", LONG, "18446744073709551621", "\"5\"",
                "0" * 60)),
    ("G10", "the largest Content-Length", POST + "Content-Length: 18446744073709551615" + END + "abcde", {400, 413}),
    ("G10", "a Content-Length of 19 digits", POST + "Content-Length: 9223372036854775807" + END, {413}),
    ("G10", "the same Content-Length twice", POST + "Content-Length: 5\r\nContent-Length: 5" + END + "abcde", {400}),
    ("G10", "two Content-Lengths", POST + "Content-Length: 5\r\nContent-Length: 6" + END + "abcde", {400}),
    ("G12", "a request line above its limit", "GET /" + "a" * 8192 + " HTTP/1.1\r\nHost: x" + END, {414}),
    ("G12", "a head above its limit", GET + "Host: x\r\n" + "A: b\r\n" * 50 + "B: " + "c" * 16384 + END, {431}),
    ("G12", "more fields than its limit", GET + "Host: x\r\n" + "A: b\r\n" * 100 + "\r\n", {431}),
    ("G12", "a Content-Length above its limit", POST + "Content-Length: 1048577" + END, {413}),
    ("G12", "a chunk above the limit of bodies", CHUNKED + "100001\r\n", {413}),
    ("G13", "a malformed method", "G@T / HTTP/1.1\r\nHost: x" + END, {400}),
    ("G13", "a method with a control", "G\x01T / HTTP/1.1\r\nHost: x" + END, {400}),
    ("G13", "a method of byte 0xff", "\xff / HTTP/1.1\r\nHost: x" + END, {400}),
    ("G13", "no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "x" * 40 + "\r\n\r\n", {400}),
    ("G13", "words of a person", "hello, is anybody there?\r\n\r\n", {400, 501}),
    ("G14", "an expectation that nobody knows", GET + "Host: x\r\nExpect: the-unexpected" + END, {417}),
    ("names", "a space inside a field name", GET + "Host: x\r\nA b: c" + END, {400}),
    ("names", "a blank before a colon", GET + "Host : x" + END, {400}),
    ("names", "a line without a colon", GET + "Host: x\r\nnonsense" + END, {400}),
    ("names", "a byte above 0x7f in a name", GET + "Host: x\r\nA\xe9: c" + END, {400}),
    *(("values", f"byte {b:#x} in a value", GET + f"Host: x\r\nA: b{chr(b)}c" + END, {400}) for b in (0, 1, 8, 11, 12, 27, 127)),
)

# what it is, the bytes, how many requests are in them
TAKEN = (
    ("one empty line before the request", "\r\n" + GET + "Host: x" + END, 1),
    ("blanks around a value", GET + "Host:  \tx\t " + END, 1),
    ("no blank after the colon", GET + "Host:x" + END, 1),
    ("bytes above 0x7f in a value", GET + "Host: x\r\nA: \x80\xff" + END, 1),
    ("every character that a target may hold", "GET /a-._~!$&'()*+,;=:@%41/?b/?c HTTP/1.1\r\nHost: x" + END, 1),
    ("two slashes at the start", "GET //evil HTTP/1.1\r\nHost: x" + END, 1),
    ("the Hosts that there are", "".join(GET + f"Host: {h}" + END for h in ("x", "x:80", "x:", "1.2.3.4", "[::1]", "[::1]:8080",
                                                                            "a-b.c_d", "x%41y")), 8),
    ("HTTP/1.0 without Host", "GET / HTTP/1.0\r\nConnection: keep-alive" + END, 1),
    ("Content-Length: 0", POST + "Content-Length: 0" + END, 1),
    ("chunked in any case with blanks", POST + "Transfer-Encoding: \t ChUnKeD " + END + "0" + END, 1),
    ("a chunk size of 16 digits", CHUNKED + "0000000000000001\r\na\r\n0" + END, 1),
    ("many zeros as the last chunk", CHUNKED + "0000" + END, 1),
    ("harmless trailers", CHUNKED + "1\r\na\r\n0\r\nX: y\r\nZ:" + END, 1),
    ("an absolute form over a Host that says otherwise", "GET http://y/ HTTP/1.1\r\nHost: x" + END, 1),
    ("a close that is only quoted", GET + "Host: x\r\nConnection: \"close\"" + END + GET + "Host: x" + END, 2),
    ("a request line at its limit", "GET /" + "a" * (8192 - len("GET / HTTP/1.1")) + " HTTP/1.1\r\nHost: x" + END, 1),
    ("a hundred fields", GET + "Host: x\r\n" + "A: b\r\n" * 99 + "\r\n", 1),
    ("a head at its limit", GET + "Host: x\r\nB: " + "c" * (16384 - len(GET) - len("Host: x\r\nB: ") - 4) + END, 1),
)


def method_of(text):
    return "HEAD" if text.startswith("HEAD") else "GET"


class Strictness(E2E):
    def check_refusal(self, client, name, statuses):
        try:
            response = client.read()
        except (Truncated, TimeoutError) as error:
            return f"{name}: {error!r} instead of {statuses}"
        if response.status not in statuses:
            return f"{name}: {response.status} instead of {statuses}"
        if not response.closes:
            return f"{name}: {response.status} without Connection: close"
        try:
            client.expect_end()
        except (AssertionError, TimeoutError, ConnectionResetError) as error:
            return f"{name}: after {response.status}: {error!r}"
        return None

    @quick
    def test_what_is_refused_is_refused_in_one_write(self):
        wrong = []
        for rule, what, text, statuses in REFUSED:
            client = Client(shared("hello"), timeout=2)
            # what hides in the rest must come in the same write; a head that ends early must not wait for it
            client.send(text + SMUGGLED)
            wrong.append(self.check_refusal(client, f"{rule} {what}", statuses))
            client.close()
        wrong = [w for w in wrong if w]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    @quick
    def test_what_is_refused_is_refused_byte_by_byte(self):
        rows = [row for row in REFUSED if len(row[2]) < 2000]
        wrong = self.drip([text + SMUGGLED for _, _, text, _ in rows],
                          lambda i, client: self.check_refusal(client, f"{rows[i][0]} {rows[i][1]}", rows[i][3]))
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def drip(self, texts, check):
        """Sends all texts one byte in turn, so that the server sees each byte alone; what check() found wrong."""
        clients = [Client(shared("hello"), timeout=4) for _ in texts]
        try:
            for at in range(max(len(t) for t in texts)):
                for client, text in zip(clients, texts):
                    if at < len(text):
                        try:
                            client.send(text[at])
                        except (BrokenPipeError, ConnectionResetError):
                            pass          # refused and closed meanwhile
            return [w for w in (check(i, client) for i, client in enumerate(clients)) if w]
        finally:
            for client in clients:
                client.close()

    def check_taken(self, client, name, text, count):
        try:
            for _ in range(count):
                response = client.read(method_of(text))
                if response.status != 200 or response.closes:
                    return f"{name}: {response}"
            client.expect_silence(0.01)
        except (Truncated, TimeoutError, AssertionError) as error:
            return f"{name}: {error!r}"
        return None

    @quick
    def test_what_is_right_is_taken_in_one_write(self):
        wrong = []
        for what, text, count in TAKEN:
            client = Client(shared("hello"), timeout=2)
            client.send(text)
            wrong.append(self.check_taken(client, what, text, count))
            client.close()
        wrong = [w for w in wrong if w]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    @quick
    def test_what_is_right_is_taken_byte_by_byte(self):
        rows = [row for row in TAKEN if len(row[1]) < 2000]
        wrong = self.drip([text for _, text, _ in rows], lambda i, client: self.check_taken(client, *rows[i]))
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_every_refusal_behind_an_accepted_request_comes_second(self):
        wrong = []
        for rule, what, text, statuses in REFUSED:
            if text.startswith(("\r", "\n", " ")):
                continue
            client = Client(shared("hello"), timeout=2)
            client.send(GET + "Host: x" + END + text)
            if client.read().status != 200:
                wrong.append(f"{rule} {what}: the request before it was not answered")
            else:
                client.shut()         # a text that only begins a message ends here: 400 is due then
                try:
                    response = client.read()
                    if response.status not in statuses | {400}:
                        wrong.append(f"{rule} {what}: {response.status} instead of {statuses}")
                except (Truncated, TimeoutError) as error:
                    wrong.append(f"{rule} {what}: {error!r}")
            client.close()
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))
