"""What the operator adds: a fallback, pages for errors, fields, caching, CORS, types; `weir respond`; and what is on every answer."""

import functools
import os
import subprocess

from support import E2E, WEIR, curl, folder_of, limit, on_epoll, quick, scratch_path, seconds, strong_tag, wait_until


@functools.cache
def folder():
    return folder_of({"index.html": b"<p>app</p>\n", "app.js": b"js\n", "style.css": b"css\n", "assets/img-1.png": b"png",
                      "assets/deep/x.css": b"deep\n", "a.txt": b"text\n",
                      "page.md": b"# md\n", "data.weird": b"weird", "UPPER.WEIRD": b"weird", "noext": b"?", "bare/x.txt": b"x",
                      "sub/index.html": b"<p>sub</p>\n"})


def page(content):
    path = scratch_path("page.html")
    with open(path, "wb") as f:
        f.write(content)
    return path


@on_epoll
class PagesCase(E2E):
    def serving(self, *args):
        return self.client(self.server("serve", folder(), "--workers", "1", *args))


@quick
class Fallback(PagesCase):
    def test_what_is_not_there_is_answered_with_the_fallback(self):
        client = self.serving("--fallback", "index.html")
        whole = client.ask("/index.html")
        for target in ("/nowhere", "/deep/route/of/the/app", "/nowhere?x=y", "/a.txt/", "/nowhere.png"):
            for method in ("GET", "HEAD"):
                response = client.ask(target, method=method)
                self.assertEqual((response.status, response.body), (200, b"<p>app</p>\n" if method == "GET" else b""), target)
                self.assertEqual(response.field("content-type"), whole.field("content-type"))
        self.assertEqual(client.ask("/a.txt").body, b"text\n")
        self.assertEqual(client.ask("/sub").status, 301)
        self.assertEqual(client.ask("/nowhere", method="POST", fields="Content-Length: 0\r\n").status, 405)

    def test_the_fallback_has_validators_and_ranges_of_its_own(self):
        client = self.serving("--fallback", "index.html")
        tag = strong_tag(client, "/route")
        self.assertEqual(client.ask("/route", fields=f"If-None-Match: {tag}\r\n").status, 304)
        self.assertEqual(client.ask("/route", fields="Range: bytes=3-5\r\n").body, b"app")

    def test_hidden_files_are_not_there_either(self):
        root = folder_of({"index.html": b"app", ".hidden": b"hidden", "sub/.env": b"hidden"})
        client = self.client(self.server("serve", root, "--fallback", "index.html"))
        for target in ("/.hidden", "/sub/.env", "/.git/config"):
            self.assertEqual(client.ask(target).body, b"app", target)

    def test_a_fallback_that_is_gone_is_a_404(self):
        root = folder_of({"app.html": b"app"})
        client = self.client(self.server("serve", root, "--fallback", "app.html"))
        self.assertEqual(client.ask("/x").body, b"app")
        os.unlink(os.path.join(root, "app.html"))
        wait_until(lambda: client.ask("/x").status == 404, 3, "the fallback is gone")


@quick
class ErrorPages(PagesCase):
    def test_a_page_stands_in_for_its_status_alone(self):
        client = self.serving("--error-page", "404=" + page(b"<h1>not here</h1>\n"), "--listing", "off")
        for target in ("/nowhere", "/bare/"):
            response = client.ask(target)
            self.assertEqual((response.status, response.body, response.field("content-type")),
                             (404, b"<h1>not here</h1>\n", "text/html; charset=utf-8"), target)
        head = client.ask("/nowhere", method="HEAD")
        self.assertEqual((head.status, head.field("content-length")), (404, str(len(b"<h1>not here</h1>\n"))))
        response = client.ask("/a.txt", method="POST", fields="Content-Length: 0\r\n")
        self.assertEqual(response.status, 405)
        self.assertNotIn(b"not here", response.body)
        self.assertIsNotNone(response.field("allow"))

    def test_pages_for_several_statuses_and_for_what_the_parser_refuses(self):
        client = self.serving("--error-page", "405=" + page(b"<h1>no such method</h1>"), "--error-page", "400=" + page(b"<h1>bad</h1>"),
                              "--error-page", "416=" + page(b"<h1>range</h1>"), "--error-page", "412=" + page(b"<h1>precondition</h1>"))
        response = client.ask("/a.txt", method="DELETE")
        self.assertEqual((response.status, response.body), (405, b"<h1>no such method</h1>"))
        self.assertIn("GET", response.field("allow"))
        response = client.ask("/a.txt", fields="Range: bytes=99-\r\n")
        self.assertEqual((response.status, response.body, response.field("content-range")), (416, b"<h1>range</h1>", "bytes */5"))
        response = client.ask("/a.txt", fields='If-Match: "x"\r\n')
        self.assertEqual((response.status, response.body), (412, b"<h1>precondition</h1>"))
        client.send("GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        response = client.read()
        self.assertEqual((response.status, response.body), (400, b"<h1>bad</h1>"))

    def test_a_page_is_read_at_start(self):
        path = page(b"<h1>first</h1>")
        client = self.serving("--error-page", f"404={path}")
        os.unlink(path)
        self.assertEqual(client.ask("/nowhere").body, b"<h1>first</h1>")


@quick
class Fields(PagesCase):
    def test_fields_are_on_every_answer(self):
        client = self.serving("--header", "X-Frame-Options: DENY", "--header", "X-Two: one, two", "--header", "X-Colon: a: b", "--listing",
                              "on")
        requests = (("/", {}, 200), ("/a.txt", {}, 200), ("/nowhere", {}, 404), ("/sub", {}, 301), ("/bare/", {}, 200),
                    ("/a.txt", {"method": "HEAD"}, 200),
                    ("/a.txt", {"fields": "Range: bytes=0-1\r\n"}, 206), ("/a.txt", {"fields": "Range: bytes=9-\r\n"}, 416),
                    ("/a.txt", {"fields": "If-None-Match: *\r\n"}, 304),
                    ("/a.txt", {"fields": 'If-Match: "x"\r\n'}, 412), ("/a.txt", {"method": "PUT", "fields": "Content-Length: 0\r\n"}, 405),
                    ("*", {"method": "OPTIONS"}, 204))
        for target, kwargs, status in requests:
            response = client.ask(target, **kwargs)
            self.assertIn(response.status, (status, 200) if status == 204 else (status,), (target, kwargs))
            self.assertEqual((response.fields("x-frame-options"), response.fields("x-two"), response.fields("x-colon")),
                             (["DENY"], ["one, two"], ["a: b"]), (target, kwargs))
        client.send("GET / HTTP/1.1\r\nBad Name: x\r\n\r\n")
        self.assertEqual(client.read().field("x-frame-options"), "DENY")

    def test_a_time_limit_is_answered_with_them_too(self):
        client = self.client(self.server("serve", folder(), "--header", "X-A: b", "--head-timeout", limit(0.2)))
        client.send("GET / HT")
        response = client.read()
        self.assertEqual((response.status, response.field("x-a"), response.field("x-content-type-options")), (408, "b", "nosniff"))

    def test_nosniff_is_on_everything(self):
        client = self.serving("--listing", "on")
        for target, kwargs in (("/", {}), ("/a.txt", {}), ("/nowhere", {}), ("/sub", {}), ("/bare/", {}),
                               ("/bare/", {"fields": "Accept: application/json\r\n"}),
                               ("/bare/", {"fields": "Accept: text/plain\r\n"}), ("/a.txt", {"method": "HEAD"}),
                               ("/a.txt", {"fields": "Range: bytes=0-1\r\n"}),
                               ("/a.txt", {"fields": "Range: bytes=9-\r\n"}), ("/a.txt", {"fields": "If-None-Match: *\r\n"}),
                               ("/a.txt", {"fields": 'If-Match: "x"\r\n'}),
                               ("/a.txt", {"method": "PUT", "fields": "Content-Length: 0\r\n"}), ("*", {"method": "OPTIONS"})):
            self.assertEqual(client.ask(target, **kwargs).fields("x-content-type-options"), ["nosniff"], (target, kwargs))
        for junk in ("GET / HTTP/1.1\r\nBad Name: x\r\n\r\n", "junk\r\n\r\n", "GET / HTTP/3.0\r\n\r\n",
                     "GET /" + "x" * 10_000 + " HTTP/1.1\r\n\r\n"):
            client = self.serving()
            client.send(junk)
            response = client.read()
            self.assertEqual((response.status >= 400, response.fields("x-content-type-options")), (True, ["nosniff"]), junk[:40])


@quick
class Caching(PagesCase):
    def test_the_first_glob_that_matches_counts(self):
        client = self.serving("--cache-control", "*.css=max-age=31536000, immutable", "--cache-control", "/assets/**=max-age=60",
                              "--cache-control", "*.html=no-cache")
        for target, value in (("/style.css", "max-age=31536000, immutable"), ("/assets/deep/x.css", "max-age=31536000, immutable"),
                              ("/assets/img-1.png", "max-age=60"),
                              ("/", "no-cache"), ("/index.html", "no-cache"), ("/a.txt", None), ("/sub/", "no-cache")):
            self.assertEqual(client.ask(target).field("cache-control"), value, target)
            self.assertEqual(client.ask(target, fields="If-None-Match: *\r\n").field("cache-control"), value, f"304 of {target}")
        self.assertEqual(client.ask("/style.css", fields="Range: bytes=0-0\r\n").field("cache-control"), "max-age=31536000, immutable")

    def test_errors_and_redirections_are_not_told_to_be_kept(self):
        client = self.serving("--cache-control", "**=max-age=60")
        for target, status in (("/nowhere.css", 404), ("/sub", 301)):
            response = client.ask(target)
            self.assertEqual((response.status, response.field("cache-control")), (status, None), target)


@quick
class Cors(PagesCase):
    def test_the_origin_is_on_every_answer(self):
        client = self.serving("--cors", "https://app.example")
        for target, status in (("/a.txt", 200), ("/nowhere", 404), ("/sub", 301)):
            for fields in ("", "Origin: https://app.example\r\n", "Origin: https://other.example\r\n"):
                response = client.ask(target, fields=fields)
                self.assertEqual((response.status, response.field("access-control-allow-origin")), (status, "https://app.example"),
                                 (target, fields))
        self.assertEqual(self.serving("--cors", "*").ask("/a.txt").field("access-control-allow-origin"), "*")
        self.assertIsNone(self.serving().ask("/a.txt", fields="Origin: https://app.example\r\n").field("access-control-allow-origin"))

    def test_a_preflight_is_answered(self):
        client = self.serving("--cors", "*")
        response = client.ask("/a.txt", method="OPTIONS", fields="Origin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n"
                              "Access-Control-Request-Headers: range, if-none-match, x-own\r\n")
        self.assertEqual((response.status, response.body), (204, b""))
        self.assertEqual(response.field("access-control-allow-origin"), "*")
        self.assertEqual({m.strip() for m in response.field("access-control-allow-methods").split(",")}, {"GET", "HEAD", "OPTIONS"})
        self.assertLessEqual({"range", "if-none-match", "x-own"},
                             {h.strip().lower() for h in response.field("access-control-allow-headers").split(",")})
        self.assertGreater(int(response.field("access-control-max-age")), 0)
        self.assertEqual(client.ask("/a.txt").body, b"text\n")

    def test_a_hostile_preflight_breaks_nothing(self):
        client = self.serving("--cors", "*")
        for value in ("x\ty", "<script>", "a;b", "\"", "x" * 7000, "\xff", ", ,", "a b"):
            response = client.ask("/a.txt", method="OPTIONS",
                                  fields="Origin: null\r\nAccess-Control-Request-Method: GET\r\n"
                                         f"Access-Control-Request-Headers: {value}\r\n")
            self.assertEqual(response.status, 204, value[:20])
            for character in "<>;\"\t\xff":
                self.assertNotIn(character, response.field("access-control-allow-headers") or "")

    def test_a_page_of_another_origin_sees_ranges_and_tags(self):
        response = self.serving("--cors", "*").ask("/a.txt", fields="Range: bytes=0-1\r\nOrigin: https://app.example\r\n")
        self.assertEqual((response.status, response.field("access-control-allow-origin")), (206, "*"))


@quick
class Types(PagesCase):
    def test_types_of_ones_own_come_before_all_others(self):
        client = self.serving("--mime", "weird=application/x-weird", "--mime", "md=text/markdown", "--mime",
                              "txt=text/html; charset=iso-8859-1", "--mime", "css=text/x-css")
        for target, kind in (("/data.weird", "application/x-weird"), ("/UPPER.WEIRD", "application/x-weird"),
                             ("/page.md", "text/markdown; charset=utf-8"),
                             ("/a.txt", "text/html; charset=iso-8859-1"), ("/style.css", "text/x-css; charset=utf-8"),
                             ("/noext", "application/octet-stream")):
            self.assertEqual(client.ask(target).field("content-type"), kind, target)

    def test_the_charset_is_said_of_text_alone(self):
        for args, html in (([], "text/html; charset=utf-8"), (["--charset", "iso-8859-15"], "text/html; charset=iso-8859-15")):
            client = self.serving(*args)
            self.assertEqual(client.ask("/").field("content-type"), html)
            self.assertEqual(client.ask("/assets/img-1.png").field("content-type"), "image/png")

    def test_a_part_of_a_file_has_the_type_of_the_file(self):
        client = self.serving("--mime", "txt=text/x-own")
        self.assertEqual(client.ask("/a.txt", fields="Range: bytes=0-1\r\n").field("content-type"), "text/x-own; charset=utf-8")


@quick
class Respond(E2E):
    def test_every_request_gets_the_answer(self):
        client = self.client(self.server("respond", "503", "back soon"))
        for target, method in (("/", "GET"), ("/any/thing?x", "GET"), ("/", "HEAD")):
            response = client.ask(target, method=method)
            self.assertEqual((response.status, response.body.rstrip(b"\n")), (503, b"back soon" if method == "GET" else b""), target)
            self.assertTrue(response.field("content-type").startswith("text/plain"))
        self.assertEqual(self.client(self.server("respond", "200", "caf\u00e9 \U0001f600")).ask("/").body.decode().rstrip("\n"),
                         "caf\u00e9 \U0001f600")

    def test_a_text_of_its_own_is_not_needed(self):
        for status in (200, 204, 404, 410, 500):
            response = self.client(self.server("respond", str(status))).ask("/")
            self.assertEqual(response.status, status)

    def test_fields_are_on_it_too(self):
        response = self.client(self.server("respond", "200", "ok", "--header", "X-A: b")).ask("/")
        self.assertEqual((response.field("x-a"), response.field("x-content-type-options")), ("b", "nosniff"))
        self.assertEqual(curl(self.server("respond", "200", "ok").url("/")).rstrip(b"\n"), b"ok")

    def test_what_is_no_status_is_refused_at_start(self):
        for args in (["99"], ["100"], ["600"], ["abc"], ["20"], ["2000"], ["-1"], [], ["200", "a", "b"]):
            done = subprocess.run([*WEIR, "respond", *args], capture_output=True, timeout=seconds(5), stdin=subprocess.DEVNULL, check=False)
            self.assertEqual((done.returncode, done.stderr.count(b"\n")), (2, 1), (args, done.stderr))


@quick
class WrongAtStart(E2E):
    def test_no_value_can_break_a_field(self):
        for args in (["--header", "NoColon"], ["--header", "Bad Name: x"], ["--header", ": x"], ["--header", "X: a\r\nY: b"],
                     ["--header", "X: a\nY: b"], ["--header", "X: \x01"],
                     ["--header", "Content-Length: 5"], ["--header", "Transfer-Encoding: chunked"], ["--header", "Connection: close"],
                     ["--header", "Date: now"],
                     ["--cache-control", "no-value"], ["--cache-control", "*.css=a\r\nb: c"], ["--cache-control", "[=x"],
                     ["--cache-control", "*.css="],
                     ["--cors", ""], ["--cors", "https://a\r\nb"], ["--cors", "not an origin"], ["--mime", "css"], ["--mime", "css=notype"],
                     ["--mime", "=text/css"],
                     ["--mime", "css=text/css\r\nX: y"], ["--charset", "utf 8"], ["--charset", "utf\r\n8"], ["--symlinks", "maybe"],
                     ["--listing", "maybe"],
                     ["--error-page", "404"], ["--error-page", "200=/dev/null"], ["--error-page", "999=/dev/null"], ["--index", ""],
                     ["--index", "a/b"], ["--index", ".."],
                     ["--cache-files", "x"], ["--cache-memory", "x"]):
            try:
                done = subprocess.run([*WEIR, "serve", folder(), "--listen", "127.0.0.1:0", *args], capture_output=True, timeout=seconds(3),
                                      stdin=subprocess.DEVNULL, check=False)
            except subprocess.TimeoutExpired:
                self.fail(f"{args}: taken")
            with self.subTest(args=args):
                self.assertEqual((done.returncode, done.stdout), (2, b""), (args, done.stderr))
                self.assertEqual(done.stderr.count(b"\n"), 1, (args, done.stderr))
                self.assertIn(args[0].encode(), done.stderr)

    def test_a_page_or_a_fallback_that_cannot_be_read_is_a_failing_start(self):
        for args in (["--error-page", "404=/nowhere/at/all"], ["--error-page", "404=/"]):
            done = subprocess.run([*WEIR, "serve", folder(), "--listen", "127.0.0.1:0", *args], capture_output=True, timeout=seconds(3),
                                  stdin=subprocess.DEVNULL, check=False)
            self.assertIn(done.returncode, (1, 2), args)
            self.assertEqual(done.stderr.count(b"\n"), 1, (args, done.stderr))
