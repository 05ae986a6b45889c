"""What must never be served: anything outside the folder, dot files, what is no regular file."""

import os
import shutil
import time

from support import SECRET, E2E, curl, quick, scratch_path, seconds, shared, site, wait_until

DOTS = ("..", "%2e%2e", ".%2e", "%2E.", "%2e%2E")
SLASHES = ("/", "%2f", "%2F", "//", "/./")


@quick
class Outside(E2E):
    def assert_refused(self, client, target):
        response = client.ask(target)
        self.assertIn(response.status, (400, 403, 404), target)
        self.assertNotIn(SECRET, response.body, target)
        self.assertNotIn(b"root:", response.body, target)
        return response

    def ask_each(self, targets):
        client = self.client(shared("files"))
        for target in targets:
            if self.assert_refused(client, target).closes:
                client.expect_end()
                client = self.client(shared("files"))

    def test_dot_segments_never_lead_outside_in_any_encoding(self):
        targets = []
        for dots in DOTS:
            for slash in SLASHES:
                targets += [f"/{dots}{slash}secret.txt", f"/sub{slash}{dots}{slash}{dots}{slash}secret.txt",
                            f"/{dots}{slash}{dots}{slash}{dots}{slash}{dots}{slash}etc{slash}passwd",
                            f"/{dots}{slash}site-other{slash}secret.txt"]
        self.ask_each(targets)

    def test_what_is_decoded_once_is_not_decoded_twice(self):
        self.ask_each(["/%252e%252e/secret.txt", "/%25%32%65%25%32%65/secret.txt", "/..%252fsecret.txt", "/%c0%ae%c0%ae/secret.txt",
                       "/%c0%ae%c0%ae%c0%afsecret.txt", "/%u002e%u002e/secret.txt", "/..%5csecret.txt", "/..\\secret.txt",
                       "/%e0%80%ae./secret.txt"])

    def test_absolute_paths_and_odd_forms_never_lead_outside(self):
        ours = os.path.dirname(site())
        self.ask_each([f"/{ours}/secret.txt", f"//{ours}/secret.txt", f"/%2f{ours[1:]}/secret.txt", "/%2fetc/passwd", "//etc/passwd",
                       "/;/../secret.txt", "/..;/secret.txt", "/...//secret.txt", "/a.txt/../../secret.txt", "/nowhere/../../secret.txt",
                       "/~root/.profile", "/sub/../..", "/..", "/.%2e", "/../", "http://x/../secret.txt", "http://x/%2e%2e/secret.txt",
                       "file:///etc/passwd", "/proc/self/environ", "/a.txt%00.png", "/..%00/secret.txt", "/secret.txt%00"])

    def test_curl_path_as_is_gets_nothing(self):
        for path in ("/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt"):
            self.assertNotIn(SECRET, curl("--path-as-is", shared("files").url(path)))

    def test_symbolic_links_out_of_the_folder_are_never_served(self):
        self.ask_each(["/out.txt", "/out-absolute.txt", "/out-folder/", "/out-folder/index.html", "/out-folder", "/passwd",
                       "/out-twice.txt", "/loop",
                       "/loop/x", "/to-root", "/to-root/etc/passwd", "/via-proc", "/sub/out-up.txt", "/dangling"])

    def test_symbolic_links_that_stay_inside_are_served(self):
        client = self.client(shared("files"))
        for target, body in (("/in.txt", b"alpha: a small file\n"), ("/in-folder/x.txt", b"x\n"),
                             ("/sub/up.txt", b"alpha: a small file\n")):
            response = client.ask(target)
            self.assertEqual((response.status, response.body), (200, body), target)

    def test_an_index_that_is_a_link_to_the_outside_is_not_served(self):
        root = scratch_path("site")
        os.mkdir(root)
        with open(os.path.join(os.path.dirname(root), "secret.txt"), "wb") as f:
            f.write(SECRET)
        os.symlink("../secret.txt", os.path.join(root, "index.html"))
        response = self.client(self.server("serve", root)).ask("/")
        self.assertIn(response.status, (403, 404))
        self.assertNotIn(SECRET, response.body)

    def test_a_folder_moved_away_under_the_server_is_still_the_border(self):
        base = scratch_path("base")
        os.makedirs(os.path.join(base, "root", "in"))
        for path, text in (("root/in/f.txt", b"inside\n"), ("f.txt", SECRET), ("in.txt", SECRET)):
            with open(os.path.join(base, path), "wb") as f:
                f.write(text)
        server = self.server("serve", os.path.join(base, "root"))
        client = self.client(server)
        self.assertEqual(client.ask("/in/f.txt").body, b"inside\n")
        os.rename(os.path.join(base, "root", "in"), os.path.join(base, "in"))
        os.symlink("../in", os.path.join(base, "root", "in"))

        def is_refused():
            responses = [client.ask("/in/f.txt"), client.ask("/in/../f.txt"), client.ask("/in/g.txt")]
            self.assertNotIn(SECRET, [r.body for r in responses])
            return {r.status for r in responses} <= {403, 404}
        self.assertIn(client.ask("/in/g.txt").status, (403, 404))
        wait_until(is_refused, 2, "what was inside and is outside now is not served")
        shutil.rmtree(base)


@quick
class DotFiles(E2E):
    def test_dot_files_are_hidden(self):
        client = self.client(shared("files"))
        for target in ("/.hidden", "/%2ehidden", "/.git/config", "/.git/", "/.git", "/sub/.env", "/sub/%2Eenv", "/..dots", "/.nowhere",
                       "/.well-known/.inner",
                       "/sub/..%2f.hidden"):
            response = client.ask(target)
            self.assertEqual(response.status, 404, target)
            self.assertNotIn(SECRET, response.body)

    def test_well_known_is_served(self):
        response = self.client(shared("files")).ask("/.well-known/security.txt")
        self.assertEqual((response.status, response.body[:8]), (200, b"Contact:"))

    def test_only_the_well_known_at_the_top_is_served(self):
        root = scratch_path("site")
        os.makedirs(os.path.join(root, "sub", ".well-known"))
        with open(os.path.join(root, "sub", ".well-known", "x"), "wb") as f:
            f.write(SECRET)
        self.assertEqual(self.client(self.server("serve", root)).ask("/sub/.well-known/x").status, 404)

    def test_dot_files_are_served_when_asked_for(self):
        server = self.server("serve", site(), "--dot-files")
        client = self.client(server)
        for target in ("/.hidden", "/.git/config", "/sub/.env", "/..dots", "/.well-known/.inner"):
            self.assertEqual(client.ask(target).status, 200, target)
        self.assertIn(client.ask("/../secret.txt").status, (400, 404))


@quick
class Special(E2E):
    def test_what_is_no_regular_file_gets_403_at_once(self):
        for target in ("/pipe", "/socket", "/device"):
            for method in ("GET", "HEAD"):
                client = self.client(shared("files"))
                start = time.monotonic()
                self.assertEqual(client.ask(target, method=method).status, 403, target)
                self.assertLess(time.monotonic() - start, seconds(1), target)

    def test_a_fifo_blocks_nobody_else(self):
        server = self.server("serve", site(), "--workers", "1")
        hanging = [self.client(server) for _ in range(5)]
        for client in hanging:
            client.send("GET /pipe HTTP/1.1\r\nHost: x\r\n\r\n")
        start = time.monotonic()
        self.assert_serves(server, "/a.txt")
        self.assertLess(time.monotonic() - start, seconds(1))
        for client in hanging:
            self.assertEqual(client.read().status, 403)

    def test_a_fifo_as_index_gets_403_too(self):
        root = scratch_path("site")
        os.mkdir(root)
        os.mkfifo(os.path.join(root, "index.html"))
        self.assertIn(self.client(self.server("serve", root)).ask("/").status, (403, 404))
