"""Many requests in one go: all answered, in order."""

import socket
import threading

from support import ALPHA, E2E, quick, shared

NAMES = ("/a.txt", "/sub/x.txt", "/empty.txt", "/nowhere", "/sub", "/style.css")


class Pipelining(E2E):
    def ask_all(self, kind, requests, **kwargs):
        """Sends all requests while it reads the answers, as a client must that sends much."""
        client = self.client(shared(kind), timeout=20, **kwargs)
        sender = threading.Thread(target=client.send, args=("".join(text for _, text in requests),), daemon=True)
        sender.start()
        responses = [client.read(method) for method, _ in requests]
        sender.join()
        client.expect_silence(0.05)
        return responses

    @quick
    def test_a_thousand_requests_in_one_go_are_answered_in_order(self):
        requests = [("GET", f"GET {NAMES[i % 6]} HTTP/1.1\r\nHost: x\r\n\r\n") for i in range(1000)]
        responses = self.ask_all("files", requests)
        single = self.client(shared("files"))
        expected = {name: single.ask(name) for name in NAMES}
        for i, response in enumerate(responses):
            want = expected[NAMES[i % 6]]
            self.assertEqual((response.status, response.body), (want.status, want.body), i)
            self.assertEqual(response.field("location"), want.field("location"))
        self.assertEqual(expected["/a.txt"].body, ALPHA)

    def test_a_thousand_hellos_in_one_go(self):
        responses = self.ask_all("hello", [("GET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n")] * 1000)
        self.assertEqual({(r.status, r.body) for r in responses}, {(200, b"Hello, world!")})

    def test_a_thousand_hellos_to_a_reader_with_a_tiny_window(self):
        responses = self.ask_all("hello", [("GET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n")] * 1000, receive_buffer=2048)
        self.assertEqual(len(responses), 1000)

    @quick
    def test_bodies_between_pipelined_requests_are_skipped(self):
        smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
        round_of = [
            ("POST", f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(smuggled)}\r\n\r\n{smuggled}"),
            ("GET", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("PUT", f"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{len(smuggled):X}\r\n{smuggled}\r\n0\r\n\r\n"),
            ("HEAD", "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n"),
            ("POST", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n" + "b" * 70000),
        ]
        responses = self.ask_all("hello", round_of * 40)
        self.assertEqual([r.status for r in responses], [200] * 200)

    def test_large_and_small_files_in_one_go_keep_their_order(self):
        names = ("/1m.bin", "/a.txt", "/64k.bin", "/1m.bin", "/sub/x.txt") * 4
        responses = self.ask_all("files", [("GET", f"GET {n} HTTP/1.1\r\nHost: x\r\n\r\n") for n in names])
        sizes = {"/1m.bin": 1 << 20, "/a.txt": len(ALPHA), "/64k.bin": 65536, "/sub/x.txt": 2}
        self.assertEqual([len(r.body) for r in responses], [sizes[n] for n in names])
        pattern = bytes(range(256))
        for name, response in zip(names, responses):
            if name.endswith("m.bin"):
                self.assertEqual(response.body, pattern * 4096)

    @quick
    def test_answers_before_a_refused_request_leave_before_the_refusal(self):
        client = self.client(shared("hello"))
        client.send("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + "GET /bad HTTP/1.1\r\nHost : x\r\n\r\n" +
                    "GET /4 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertEqual([client.read().status for _ in range(3)], [200] * 3)
        refusal = client.read()
        self.assertEqual((refusal.status, refusal.closes), (400, True))
        client.expect_end()

    def test_a_pipeline_cut_anywhere_gives_the_same_answers(self):
        text = (b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                b"HEAD /c HTTP/1.1\r\nHost: x\r\n\r\n")
        clients = []
        for cut in range(1, len(text)):
            client = self.client(shared("hello"))
            client.send(text[:cut])
            clients.append((client, cut))
        for client, cut in clients:
            client.send(text[cut:])
        for client, cut in clients:
            self.assertEqual([client.read(m).status for m in ("GET", "POST", "HEAD")], [200] * 3, cut)
            client.expect_silence(0.001)

    def test_a_greedy_pipeline_does_not_starve_another_client(self):
        stop = threading.Event()
        server = self.server("hello", "--workers", "1")
        greedy = self.client(server, timeout=20)

        def until_stopped(act):
            try:
                while not stop.is_set():
                    act()
            except OSError:
                if not stop.is_set():
                    raise

        def flood():
            until_stopped(lambda: greedy.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 500))

        def drain():
            until_stopped(lambda: greedy.socket.recv(1 << 20))
        threads = [threading.Thread(target=f, daemon=True) for f in (flood, drain)]
        for thread in threads:
            thread.start()
        try:
            other = self.client(server, timeout=2)
            for _ in range(20):
                self.assertEqual(other.ask().status, 200)
        finally:
            stop.set()
            greedy.socket.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
