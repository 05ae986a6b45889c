"""`weir serve`: files, folders, types, dates."""

import email.utils
import os
import subprocess
import time

import support
from support import ALPHA, E2E, MTIME, curl, quick, scratch_path, shared, site, wait_until


def folder_with(name, content=b"new\n"):
    """A folder of its own with one file; the path of the folder."""
    path = scratch_path("site")
    os.mkdir(path)
    with open(os.path.join(path, name), "wb") as f:
        f.write(content)
    return path


@quick
class Files(E2E):
    def test_curl_gets_a_file_byte_for_byte(self):
        self.assertEqual(curl(shared("files").url("/a.txt")), ALPHA)
        with open(os.path.join(site(), "pic.png"), "rb") as f:
            self.assertEqual(curl(shared("files").url("/pic.png")), f.read())

    def test_every_byte_value_survives(self):
        self.assertEqual(self.client(shared("files")).ask("/64k.bin").body, bytes(range(256)) * 256)

    def test_an_empty_file_is_an_empty_200(self):
        response = self.client(shared("files")).ask("/empty.txt")
        self.assertEqual((response.status, response.field("content-length"), response.body), (200, "0", b""))

    def test_head_of_a_file_has_its_length_and_no_body(self):
        client = self.client(shared("files"))
        for name in ("/a.txt", "/64k.bin", "/big.bin", "/empty.txt", "/", "/sub/"):
            head = client.ask(name, method="HEAD")
            self.assertEqual((head.status, head.body), (200, b""), name)
        get, head = client.ask("/64k.bin"), client.ask("/64k.bin", method="HEAD")
        self.assertEqual([h for h in get.headers if h[0] != "date"], [h for h in head.headers if h[0] != "date"])

    def test_a_query_does_not_change_the_file(self):
        client = self.client(shared("files"))
        for target in ("/a.txt?", "/a.txt?x=1&y=/../..", "/a.txt??", "/sub/x.txt?/"):
            self.assertEqual(client.ask(target).status, 200, target)

    def test_a_folder_serves_its_index(self):
        client = self.client(shared("files"))
        self.assertIn(b"<title>before</title>", client.ask("/").body)
        self.assertEqual(client.ask("/sub/").body, b"<p>sub</p>\n")
        self.assertEqual(client.ask("/sub/?q").field("content-type").split(";")[0], "text/html")

    def test_a_folder_without_an_index_shows_nothing_of_itself(self):
        response = self.client(self.server("serve", site(), "--listing", "off")).ask("/bare/")
        self.assertIn(response.status, (403, 404))
        self.assertNotIn(b"file.txt", response.body)

    def test_what_is_not_there_gets_404_and_keeps_the_connection(self):
        client = self.client(shared("files"))
        for target in ("/nowhere", "/a.txt/", "/a.txt/b", "/sub/nowhere", "/nowhere/", "/" + "n" * 300, "/A.TXT", "/a.txt%20"):
            self.assertEqual(client.ask(target).status, 404, target)
        self.assertEqual(client.ask("/a.txt").status, 200)

    def test_a_path_longer_than_the_kernel_takes_gets_404_or_414(self):
        client = self.client(shared("files"))
        for target in ("/" + "a/" * 3000, "/" + "x" * 5000):
            self.assertIn(client.ask(target).status, (404, 414), len(target))
        self.assertEqual(client.ask("/a.txt").status, 200)

    def test_encoded_names_are_found(self):
        client = self.client(shared("files"))
        for target, body in (("/space%20name.txt", b"space\n"), ("/%61.txt", ALPHA), ("/50%25.txt", b"percent\n"),
                             ("/caf%C3%A9.txt", b"coffee\n"),
                             ("/sub%2Fx.txt", b"x\n"), ("/./sub/../a.txt", ALPHA), ("/sub//x.txt", b"x\n"), ("//a.txt", ALPHA),
                             ("/sub/%2e%2e/a.txt", ALPHA), ("/sub/deep/../x.txt", b"x\n")):
            response = client.ask(target)
            self.assertEqual((response.status, response.body), (200, body), target)

    def test_a_plus_is_a_plus(self):
        self.assertEqual(self.client(shared("files")).ask("/space+name.txt").status, 404)

    def test_absolute_form_names_the_same_file(self):
        client = self.client(shared("files"))
        self.assertEqual(client.ask("http://other.example/a.txt").body, ALPHA)
        self.assertEqual(client.ask("HTTP://other.example:81/sub/x.txt?q").body, b"x\n")
        self.assertEqual(client.ask("http://other.example").status, 200)

    def test_the_default_folder_is_the_current_one(self):
        path = folder_with("here.txt", b"here\n")
        weir = [os.path.abspath(w) if os.path.exists(w) else w for w in support.WEIR]
        process = subprocess.Popen(weir + ["serve", "--listen", "127.0.0.1:0"], cwd=path, stdout=subprocess.PIPE)
        try:
            line = process.stdout.readline().decode()
            url = support.READY.match(line.strip()).group(1)
            self.assertEqual(curl(url + "here.txt"), b"here\n")
        finally:
            process.terminate()
            process.stdout.close()
            self.assertEqual(process.wait(20), 0)


@quick
class Types(E2E):
    def test_content_types_follow_the_ending(self):
        client = self.client(shared("files"))
        for target, types in (("/", ("text/html",)), ("/style.css", ("text/css",)),
                              ("/app.js", ("text/javascript", "application/javascript")),
                              ("/pic.png", ("image/png",)), ("/a.txt", ("text/plain",)), ("/sub/index.html", ("text/html",)),
                              ("/unknown.zzz", ("application/octet-stream",)), ("/noext", ("application/octet-stream",)),
                              ("/big.bin", ("application/octet-stream",))):
            response = client.ask(target, method="HEAD")
            self.assertIn(response.field("content-type").split(";")[0].strip(), types, target)

    def test_the_ending_counts_in_any_case(self):
        server = self.server("serve", folder_with("PAGE.HTML"))
        self.assertEqual(self.client(server).ask("/PAGE.HTML").field("content-type").split(";")[0], "text/html")


@quick
class Validators(E2E):
    def test_last_modified_is_the_time_of_the_file(self):
        response = self.client(shared("files")).ask("/a.txt")
        self.assertEqual(response.field("last-modified"), email.utils.formatdate(MTIME, usegmt=True))

    def test_a_file_from_the_future_was_not_modified_after_the_answer(self):
        path = folder_with("f.txt")
        future = time.time() + 86_400 * 400
        os.utime(os.path.join(path, "f.txt"), (future, future))
        response = self.client(self.server("serve", path)).ask("/f.txt")
        self.assertEqual(response.status, 200)
        modified = response.field("last-modified")
        if modified is not None:
            self.assertLessEqual(email.utils.parsedate_to_datetime(modified), email.utils.parsedate_to_datetime(response.field("date")))

    def test_times_before_1970_and_far_away_harm_nothing(self):
        path = folder_with("f.txt")
        server = self.server("serve", path)
        for when in (-1, -86_400 * 365 * 60, 0, 1 << 33, 253_402_300_799):
            os.utime(os.path.join(path, "f.txt"), (when, when))
            response = self.client(server).ask("/f.txt")
            self.assertEqual(response.status, 200, when)
            modified = response.field("last-modified")
            if modified is not None:
                self.assertRegex(modified, r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")

    def test_the_etag_is_quoted_stays_and_changes_with_the_file(self):
        path = folder_with("f.txt", b"one\n")
        server = self.server("serve", path)
        first, again = self.client(server).ask("/f.txt").field("etag"), self.client(server).ask("/f.txt").field("etag")
        self.assertRegex(first, r'^(W/)?"[\x21\x23-\x7e]+"$')
        self.assertEqual(first, again)
        with open(os.path.join(path, "f.txt"), "wb") as f:
            f.write(b"another\n")

        def changed():
            response = self.client(server).ask("/f.txt")
            self.assertEqual(response.field("etag") == first, response.body == b"one\n", "the tag of one state with the bytes of another")
            return response.body == b"another\n"
        wait_until(changed, 2, "the new bytes, a second after they were written at the latest")

    def test_a_file_that_is_removed_is_gone_and_one_that_appears_is_there_within_a_second(self):
        path = folder_with("f.txt", b"one\n")
        server = self.server("serve", path)
        client = self.client(server)
        self.assertEqual(client.ask("/f.txt").status, 200)
        self.assertEqual(client.ask("/g.txt").status, 404)
        os.rename(os.path.join(path, "f.txt"), os.path.join(path, "g.txt"))
        wait_until(lambda: (client.ask("/f.txt").status, client.ask("/g.txt").status) == (404, 200), 2,
                   "the renamed file under its new name alone")

    def test_two_files_have_two_etags(self):
        client = self.client(shared("files"))
        self.assertNotEqual(client.ask("/a.txt").field("etag"), client.ask("/sub/x.txt").field("etag"))

    def test_errors_and_redirections_have_no_validators_of_a_file(self):
        client = self.client(shared("files"))
        for target in ("/nowhere", "/sub", "/pipe"):
            self.assertIsNone(client.ask(target).field("etag"), target)


@quick
class Redirections(E2E):
    def location(self, target, **kwargs):
        response = self.client(shared("files")).ask(target, **kwargs)
        self.assertEqual(response.status, 301, target)
        location = response.field("location")
        self.assertTrue(location.startswith("/"), f"{target}: {location}")
        self.assertNotIn(location[1:2], ("/", "\\"), f"{target} leads to another host: {location}")
        return location

    def test_a_folder_without_its_slash_is_redirected(self):
        self.assertEqual(self.location("/sub"), "/sub/")
        self.assertEqual(self.location("/sub", method="HEAD"), "/sub/")
        self.assertEqual(self.location("/sub/deep"), "/sub/deep/")

    def test_the_query_is_kept(self):
        self.assertEqual(self.location("/sub?a=b&c=%2F?d"), "/sub/?a=b&c=%2F?d")
        self.assertIn(self.location("/sub?"), ("/sub/?", "/sub/"))

    def test_no_redirection_leads_to_another_host(self):
        for target in ("//evil", "///evil", "////evil", "/%2fevil", "/%2f%2fevil", "//%2fevil", "/./evil", "/.//evil", "/sub/..//evil",
                       "/%2e/%2fevil", "http://other.example/evil", "http://other.example//evil", "//evil/../evil", "/../evil"):
            client = self.client(shared("files"))
            response = client.ask(target)
            if response.status in (400, 404):
                continue
            self.assertEqual(self.location(target), "/evil/", target)
        self.assertEqual(self.location("//evil"), "/evil/")
        self.assertEqual(self.location("http://other.example/evil"), "/evil/")

    def test_a_hostile_query_stays_in_the_query(self):
        self.assertEqual(self.location("//evil?//other.example/"), "/evil/?//other.example/")

    def test_odd_names_are_encoded(self):
        self.assertEqual(self.location("/a%20b%3F"), "/a%20b%3F/")

    def test_a_line_end_in_a_name_cannot_break_the_head(self):
        self.assertEqual(self.location("/we%0d%0aird").lower(), "/we%0d%0aird/")

    def test_curl_follows_to_the_index(self):
        self.assertEqual(curl("-L", "--path-as-is", shared("files").url("//sub")), b"<p>sub</p>\n")
