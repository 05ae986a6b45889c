"""Answers over HTTP/1.1 and 1.0: hello, methods, keep-alive, heads."""

import re
import time

from support import E2E, alone, curl, limit, quick, shared

HELLO = b"Hello, world!"


@quick
class Hello(E2E):
    def test_curl_gets_hello_world(self):
        self.assertEqual(curl(shared("hello").url()), HELLO)

    def test_curl_keeps_one_connection_for_three_requests(self):
        url = shared("hello").url()
        out = curl("-o", "/dev/null", url, "-o", "/dev/null", url, "-o", "/dev/null", url, "-w",
                   "%{num_connects} %{http_version} %{http_code}\n")
        self.assertEqual(out.split(b"\n")[:3], [b"1 1.1 200", b"0 1.1 200", b"0 1.1 200"])

    def test_curl_gets_the_head_alone(self):
        out = curl("-I", shared("hello").url())
        self.assertTrue(out.startswith(b"HTTP/1.1 200 OK\r\n"), out)
        self.assertRegex(out, rb"(?i)\r\ncontent-length: 13\r\n")
        self.assertTrue(out.endswith(b"\r\n\r\n"), out)

    def test_every_target_gets_the_same_hello(self):
        client = self.client(shared("hello"))
        for target in ("/", "/a", "/a/b?c=d", "/%41", "//x", "/?", "http://other.example/x", "https://other.example"):
            response = client.ask(target)
            self.assertEqual((response.status, response.body), (200, HELLO), target)
            self.assertEqual(response.field("content-type"), "text/plain; charset=utf-8")

    def test_a_kept_connection_says_nothing_about_it(self):
        client = self.client(shared("hello"))
        for _ in range(3):
            self.assertIsNone(client.ask().field("connection"))

    def test_head_has_the_fields_of_get_and_no_body(self):
        client = self.client(shared("hello"))
        get, head = client.ask(), client.ask(method="HEAD")
        self.assertEqual(head.status, 200)
        self.assertEqual([h for h in get.headers if h[0] != "date"], [h for h in head.headers if h[0] != "date"])
        self.assertEqual(client.ask().body, HELLO)     # h11 would have taken a body for the start of this answer

    def test_the_server_field_says_weir_without_a_version(self):
        self.assertEqual(self.client(shared("hello")).ask().field("server"), "weir")

    def test_the_server_field_can_be_left_out(self):
        server = self.server("hello", "--no-server-header")
        client = self.client(server)
        self.assertIsNone(client.ask().field("server"))
        client.send("GET / HTTP/1.1\r\n\r\n")
        self.assertIsNone(client.read().field("server"))

    def test_a_request_cut_in_single_bytes_is_answered(self):
        client = self.client(shared("hello"))
        client.send_bytewise(b"GET /a HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n", pause=0.002)
        self.assertEqual(client.read().body, HELLO)

    def test_one_empty_line_before_a_request_is_ignored(self):
        client = self.client(shared("hello"))
        for _ in range(2):
            client.send("\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(client.read().status, 200)


@quick
class Close(E2E):
    def test_connection_close_is_answered_with_close_and_closes(self):
        for value in ("close", "Close", "CLOSE", "keep-alive, close", "close,keep-alive", "x, close ,y", "close\t", ",,close"):
            client = self.client(shared("hello"))
            response = client.ask(fields=f"Connection: {value}\r\n")
            self.assertEqual((response.status, response.field("connection")), (200, "close"), value)
            client.expect_end()

    def test_two_connection_fields_are_one_list(self):
        client = self.client(shared("hello"))
        self.assertTrue(client.ask(fields="Connection: keep-alive\r\nConnection: close\r\n").closes)
        client.expect_end()

    def test_tokens_that_only_resemble_close_keep_the_connection(self):
        client = self.client(shared("hello"))
        for value in ("closed", "xclose", "clos", "upgrade", "x-close"):
            self.assertIsNone(client.ask(fields=f"Connection: {value}\r\n").field("connection"), value)

    def test_what_follows_a_last_request_is_never_answered(self):
        client = self.client(shared("hello"))
        client.send("GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertTrue(client.read().closes)
        client.expect_end()

    def test_an_upgrade_is_ignored(self):
        client = self.client(shared("hello"))
        fields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        self.assertEqual(client.ask(fields=fields).status, 200)
        self.assertEqual(client.ask(fields="Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n").status, 200)
        self.assertEqual(client.ask().status, 200)

    def test_a_body_that_pretends_to_be_a_request_after_an_upgrade_is_a_body(self):
        client = self.client(shared("hello"))
        body = "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
        fields = f"Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: {len(body)}\r\n"
        self.assertEqual(client.ask(method="POST", fields=fields, body=body).status, 200)
        client.expect_silence()


@quick
class OldVersion(E2E):
    def test_http_1_0_closes_after_the_answer(self):
        client = self.client(shared("hello"))
        response = client.ask(version="1.0")
        self.assertEqual((response.status, response.body), (200, HELLO))
        self.assertIn(response.field("connection"), (None, "close"))
        client.expect_end()

    def test_http_1_0_with_keep_alive_is_kept_and_told_so(self):
        client = self.client(shared("hello"))
        for _ in range(3):
            response = client.ask(version="1.0", fields="Connection: Keep-Alive\r\n")
            self.assertEqual((response.status, response.field("connection")), (200, "keep-alive"))
        self.assertNotEqual(client.ask(version="1.0").field("connection"), "keep-alive")
        client.expect_end()

    def test_http_1_0_with_both_tokens_closes(self):
        client = self.client(shared("hello"))
        self.assertNotEqual(client.ask(version="1.0", fields="Connection: keep-alive, close\r\n").field("connection"), "keep-alive")
        client.expect_end()

    def test_http_1_0_never_gets_chunks_and_always_a_length(self):
        client = self.client(shared("hello"))
        self.assertEqual(client.ask(version="1.0").field("content-length"), "13")

    def test_curl_speaks_1_0(self):
        self.assertEqual(curl("--http1.0", shared("hello").url()), HELLO)


@quick
class Methods(E2E):
    def test_options_names_the_methods(self):
        for kind in ("hello", "files"):
            client = self.client(shared(kind))
            for target in ("/", "/a.txt", "*"):
                response = client.ask(target, method="OPTIONS")
                self.assertIn(response.status, (200, 204), (kind, target))
                allow = re.split(r"\s*,\s*", response.field("allow") or "")
                self.assertLessEqual({"GET", "HEAD", "OPTIONS"}, set(allow), (kind, target))
            self.assertEqual(client.ask("/a.txt").status, 200)

    def test_a_method_that_a_file_does_not_take_gets_405_with_allow(self):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            client = self.client(shared("files"))
            response = client.ask("/a.txt", method=method)
            self.assertEqual(response.status, 405, method)
            allow = re.split(r"\s*,\s*", response.field("allow") or "")
            self.assertLessEqual({"GET", "HEAD"}, set(allow))
            self.assertNotIn(method, allow)
            if response.closes:
                client.expect_end()
            else:
                self.assertEqual(client.ask("/a.txt").status, 200)

    def test_a_well_formed_method_that_nobody_knows_gets_501(self):
        for kind in ("hello", "files"):
            for method in ("BREW", "get", "Get", "X-Y", "G!#$%&'*+.^_`|~9"):
                response = self.client(shared(kind)).ask(method=method)
                self.assertEqual(response.status, 501, (kind, method))

    def test_registered_methods_of_other_worlds_are_refused(self):
        for method in ("PROPFIND", "MKCOL", "LOCK", "REPORT"):
            for kind in ("hello", "files"):
                response = self.client(shared(kind)).ask(method=method)
                self.assertIn(response.status, (405, 501), method)
                if response.status == 405:
                    self.assertIsNotNone(response.field("allow"))

    def test_trace_is_refused_and_echoes_nothing(self):
        for kind in ("hello", "files"):
            client = self.client(shared(kind))
            response = client.ask(method="TRACE", fields="X-Secret: cookie-of-somebody\r\n")
            self.assertIn(response.status, (405, 501))
            self.assertNotIn(b"cookie-of-somebody", response.body)

    def test_connect_is_refused_and_opens_no_tunnel(self):
        for kind in ("hello", "files"):
            client = self.client(shared(kind))
            client.send("CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")
            response = client.read()          # read as an answer to GET: it must not be a 2xx
            self.assertIn(response.status, (400, 405, 501))


@quick
class Heads(E2E):
    def test_a_hundred_fields_with_odd_values_are_taken(self):
        client = self.client(shared("hello"))
        fields = "".join(f"X-{i}: \t {chr(0x80 + i)} v\"{i}\" \t\r\n" for i in range(98)) + "X-Empty:\r\n"
        self.assertEqual(client.ask(fields=fields).status, 200)

    def test_two_answers_differ_in_nothing_but_the_date(self):
        client = self.client(shared("hello"))
        first, second = client.ask(), client.ask()
        self.assertEqual([h for h in first.headers if h[0] != "date"], [h for h in second.headers if h[0] != "date"])

    def test_an_error_has_a_short_body_that_tells_nothing_of_the_inside(self):
        client = self.client(shared("files"))
        response = client.ask("/nowhere")
        self.assertEqual(response.status, 404)
        self.assertTrue((response.field("content-type") or "").startswith("text/"), response)
        self.assertLess(len(response.body), 1024)
        head = client.ask("/nowhere", method="HEAD")
        self.assertEqual((head.status, head.body), (404, b""))
        self.assertEqual(head.field("content-length"), response.field("content-length"))

    def test_an_error_echoes_no_markup_from_the_target(self):
        response = self.client(shared("files")).ask("/%3Cscript%3Ealert(1)%3C/script%3E")
        self.assertEqual(response.status, 404)
        self.assertNotIn(b"<script", response.body.lower())


@alone
class Clock(E2E):
    def test_the_date_follows_the_clock_on_a_quiet_connection(self):
        client = self.client(shared("hello"))
        first = client.ask().field("date")
        time.sleep(2.1)
        self.assertNotEqual(client.ask().field("date"), first)     # check_response() compares each with the real time


class Stop(E2E):
    def test_a_server_that_served_nobody_ends_well(self):
        server = self.server("hello", "--workers", "3", "--drain-timeout", limit(1))
        server.stop()
