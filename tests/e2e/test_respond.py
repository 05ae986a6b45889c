"""`weir respond`: one answer to every request; pages for errors, and fields, where there are no files."""

import subprocess

from support import E2E, WEIR, limit, quick, scratch_path, seconds

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")


@quick
class Respond(E2E):
    def respond(self, *args):
        return self.client(self.server("respond", *args))

    def test_every_method_and_target_gets_the_text(self):
        client = self.respond("200", "Hello\nthere")
        for method in METHODS:
            for target in ("/", "/a/b?c", "/%41", "//"):
                response = client.ask(target, method=method, fields="Content-Length: 3\r\n", body="abc")
                self.assertEqual((response.status, response.field("content-length")), (200, "11"), (method, target))
                self.assertEqual(response.body, b"" if method == "HEAD" else b"Hello\nthere")
                self.assertEqual(response.field("content-type"), "text/plain; charset=utf-8")
                self.assertEqual(response.field("x-content-type-options"), "nosniff")

    def test_each_status_is_answered_with_what_it_may_have(self):
        for status, body, length in (("200", b"", "0"), ("201", b"", "0"), ("204", b"", None), ("205", b"", "0"), ("304", b"", None), ("203", b"", "0")):
            response = self.respond(status).ask()
            self.assertEqual((response.status, response.body, response.field("content-length")), (int(status), body, length))
            self.assertIsNone(response.field("content-type"), status)
        for status in ("300", "302", "404", "429", "503", "511"):
            client = self.respond(status)
            response = client.ask()
            self.assertEqual((response.status, response.field("content-type")), (int(status), "text/html; charset=utf-8"))
            self.assertTrue(response.body.startswith(b"<!doctype html>"), response.body[:80])
            self.assertEqual(client.ask(method="HEAD").field("content-length"), str(len(response.body)))

    def test_an_empty_text_is_a_text(self):
        response = self.respond("200", "").ask()
        self.assertEqual((response.status, response.body, response.field("content-type")), (200, b"", "text/plain; charset=utf-8"))

    def test_fields_of_the_answer_are_its_own(self):
        response = self.respond("302", "--header", "Location: https://example.org/x", "--header", "Cache-Control: no-store").ask()
        self.assertEqual((response.status, response.field("location"), response.field("cache-control")), (302, "https://example.org/x", "no-store"))
        response = self.respond("200", '{"up":true}', "--header", "Content-Type: application/json", "--header", 'ETag: "1"').ask()
        self.assertEqual((response.body, response.field("content-type"), response.field("etag")), (b'{"up":true}', "application/json", '"1"'))
        client = self.respond("405", "--header", "X-A: b")
        self.assertIsNotNone(client.ask().field("allow"))
        self.assertEqual(self.respond("405", "no", "--header", "Allow: TRACE").ask().field("allow"), "TRACE")

    def test_what_weir_refuses_does_not_get_the_answer(self):
        client = self.respond("200", "fine", "--header", "X-A: b", "--head-timeout", limit(0.2))
        client.send("GET / HTTP/1.1\r\nHost: x\r\nBad Name: x\r\n\r\n")
        response = client.read()
        self.assertEqual((response.status, response.field("x-content-type-options"), response.field("x-a")), (400, "nosniff", None))
        self.assertNotEqual(response.body, b"fine")

    def test_a_long_text_arrives_whole_and_again(self):
        text = "".join(f"{i:07} " for i in range(12_500))
        client = self.respond("200", text)
        for _ in range(3):
            self.assertEqual(client.ask().body.decode(), text)

    def test_a_hundred_pipelined_requests_get_a_hundred_answers(self):
        client = self.respond("410", "gone")
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 100)
        for _ in range(100):
            response = client.read()
            self.assertEqual((response.status, response.body), (410, b"gone"))

    def test_its_page_may_be_ones_own(self):
        path = scratch_path("page.json")
        with open(path, "w", encoding="ascii") as f:
            f.write('{"error":"later"}')
        client = self.respond("503", "--error-page", f"503={path}", "--error-page", f"400={path}", "--header", "Retry-After: 60")
        for method in ("GET", "POST"):
            response = client.ask(method=method, fields="Content-Length: 0\r\n")
            self.assertEqual((response.status, response.body, response.field("retry-after")), (503, b'{"error":"later"}', "60"))
            self.assertEqual(response.field("content-type"), "application/json")
        client.send("GET / HTTP/1.1\r\nBad Name: x\r\n\r\n")
        response = client.read()
        self.assertEqual((response.status, response.body), (400, b'{"error":"later"}'))

    def test_a_page_of_a_mebibyte_is_sent_whole(self):
        path = scratch_path("page.txt")
        content = b"".join(b"%09d\n" % i for i in range(104_857)) + b"123456"
        with open(path, "wb") as f:
            f.write(content)
        self.assertEqual(len(content), 1 << 20)
        server = self.server("respond", "404", "--error-page", f"404={path}")
        answer = subprocess.run(["curl", "-sS", "--noproxy", "*", server.url(), server.url()], capture_output=True, timeout=seconds(20), check=True).stdout
        self.assertEqual(answer, content * 2)

    def test_the_ready_line_tells_the_status(self):
        server = self.server("respond", "503", "later")
        self.assertRegex(server.lines[0], r"^weir: respond 503 on http://127\.0\.0\.1:\d+/$")

    def test_a_text_that_cannot_be_is_refused_at_start(self):
        for status in ("204", "205", "304"):
            done = subprocess.run([*WEIR, "respond", status, "text"], capture_output=True, timeout=seconds(5), stdin=subprocess.DEVNULL, check=False)
            self.assertEqual((done.returncode, done.stdout, done.stderr.count(b"\n")), (2, b"", 1))
            self.assertIn(status.encode(), done.stderr)
