"""Listings of folders: what a person, a script and a screen reader get, and that no name of a file can do harm there."""

import base64
import datetime
import functools
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess
import threading
import time
import urllib.parse

from support import E2E, LARGE, MTIME, SECRET, alone, folder_of, has_ipv6, native, quick, scratch_path, wait_until

BIDIRECTIONAL = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"

HOSTILE = [name.encode() for name in (
    "<script>alert(1)", "<svg onload=alert(1)>", "<img src=x onerror=alert(1)>", "a&amp;b", "&lt;b&gt;", "&#60;", '"quoted".txt',
    "'single'", "`back`",
    "\" onmouseover=alert(1) x=\"", "a\nb", "\n", "a\r\nLocation: x", "\r", "tab\there", "\x01\x02", "esc\x1b[31m", "\x7f",
    "c1\u0085\u009b", "\u2028\u2029",
    "\u202etxt.exe", "\u2066iso\u2069late", "\u200ea\u200f\u061c", "zero\u200bwidth", "bom\ufeff", "caf\u00e9", "cafe\u0301",
    "\u05d0\u05d1.txt", "\U0001f600",
    " lead", "trail ", " ", "a b", "50%", "50%25", "%00", "%2e%2e", "%2F", "a+b", "#hash", "a#b", "?query", "a?sort=size", "a;b", "a:b",
    "javascript:alert(1)",
    "http:", "back\\slash", "\\", "~", "{}", "|^", "[::1]", "*", "=", "@", "$(x)", "-", "--", "x" * 255, "\u00e9" * 127, "con",
    "\u0000x".strip("\0"), ",", "null",
    "index.htm", "{\"a\":1}", "]", "---", "--%3E", "-->", "<!--", "<![CDATA[", "]]>",
)] + [b"\xff", b"\xfe\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"caf\xe9", b"\xf4\x90\x80\x80", b"a\xe2\x80", b"\xe2\x80\xaea\xff"]

# What tidy says of a page without fault: HTML lets <body> be left out, and aria-current is younger than tidy's table.
UNFOUNDED = ("Warning: inserting implicit <body>", 'proprietary attribute "aria-current"')

VOID = {"meta", "link", "br", "hr", "img", "input", "col", "wbr", "base"}


class Page(html.parser.HTMLParser):
    """What a page is made of; whoever closes an element twice, or none, is found out as far as HTML lets him."""

    def __init__(self, body):
        super().__init__(convert_charrefs=True)
        self.tags, self.links, self.times, self.titles, self.attributes, self.text, self.styles = [], [], [], [], [], [], []
        self.open = []
        self.feed(body.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        values = dict(attrs)
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "time":
            self.times.append(values.get("datetime"))
        if "title" in values:
            self.titles.append(values["title"])
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert tag in self.open, f"</{tag}> closes nothing"
        while self.open.pop() != tag:
            pass

    def handle_data(self, data):
        (self.styles if self.open and self.open[-1] == "style" else self.text).append(data)

    def entries(self, base="/"):
        """The paths that the entries of the folder `base` lead to, still encoded, in their order."""
        paths = [urllib.parse.urljoin("http://h" + base, link) for link in self.links if not link.startswith("?")]
        found = []
        for path in paths:
            assert path.startswith("http://h/"), f"a link to somewhere else: {path}"
            path = path.removeprefix("http://h")
            if path.startswith(base) and path != base and path not in found:
                found.append(path)
        return found

    def names(self, base="/"):
        return [urllib.parse.unquote_to_bytes(path.removeprefix(base)) for path in self.entries(base)]

    def sorts(self):
        return [link for link in self.links if link.startswith("?")]


def names_in(document):
    """The names in a listing as JSON, wherever in it the list stands."""
    rows = document if isinstance(document, list) else next(value for value in document.values() if isinstance(value, list))
    return [row["name"].rstrip("/") for row in rows]


@functools.cache
def hostile():
    """Each name as a file, whose content is the name, and as a folder with one file."""
    files = {name: b"file " + name for name in HOSTILE}
    files.update({b"dir " + name[:200] + b"/inside.txt": b"folder " + name for name in HOSTILE if len(name) < 200})
    return folder_of(files)


@functools.cache
def ordinary():
    """Names, sizes and times each in another order."""
    root = folder_of({"file10.txt": b"1" * 5, "file2.txt": b"2" * 123_456, "File1.txt": b"3" * 1_000, "zoo/x": b"x", "bar/y": b"y",
                      "empty.bin": b"",
                      "sub folder/deep/er/z.txt": b"z", ".hidden": SECRET, ".git/config": SECRET, "zoo/.env": SECRET})
    for name, time_of_it in (("file10.txt", MTIME + 86_400), ("file2.txt", MTIME - 5), ("File1.txt", MTIME + 400 * 86_400),
                             ("empty.bin", 1_000_000_000)):
        os.utime(os.path.join(root, name), (time_of_it, time_of_it))
    os.mkfifo(os.path.join(root, "pipe"))
    with open(os.path.join(os.path.dirname(root), "secret.txt"), "wb") as f:
        f.write(SECRET * 1000)
    os.symlink("../secret.txt", os.path.join(root, "out.txt"))
    os.symlink("file2.txt", os.path.join(root, "in.txt"))
    return root


class ListingCase(E2E):
    def page(self, client, target="/", base=None, **kwargs):
        response = client.ask(target, **kwargs)
        self.assertEqual((response.status, response.field("content-type")), (200, "text/html; charset=utf-8"), target)
        self.assertEqual(response.field("x-content-type-options"), "nosniff")
        return response, Page(response.body)

    def listed(self, client, target="/"):
        """All names, with and without links, as JSON has them."""
        response = client.ask(target, fields="Accept: application/json\r\n")
        self.assertEqual(response.status, 200, target)
        return names_in(json.loads(response.body))


@quick
class Switches(ListingCase):
    def test_on_off_and_auto(self):
        for args, listen, status in ((["--listing", "on"], ("127.0.0.1:0",), 200), (["--listing", "off"], ("127.0.0.1:0",), 404),
                                     (["--listing", "auto"], ("127.0.0.1:0",), 200), (["--listing", "auto"], ("127.0.0.2:0",), 200),
                                     (["--listing", "auto"], ("unix:" + scratch_path("socket"),), 200)):
            with self.subTest(args=args, listen=listen):
                server = self.server("serve", ordinary(), *args, listen=listen)
                self.assert_serves(server, "/", status)
                self.assert_serves(server, "/zoo/", status)
                self.assert_serves(server, "/file2.txt", 200)
        if has_ipv6():
            self.assert_serves(self.server("serve", ordinary(), "--listing", "auto", listen=("[::1]:0", "127.0.0.1:0")), "/", 200)

    def test_auto_is_off_where_others_can_ask(self):
        alone_in_the_world = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"',
                              "sh")     # a network of its own: nobody else is let in
        try:
            works = subprocess.run([*alone_in_the_world, "true"], capture_output=True, check=False).returncode == 0
        except FileNotFoundError:
            works = False
        if not works:
            self.skipTest("no network of one's own is to be had here")
        for addresses in (("0.0.0.0:0",), ("[::]:0",), ("127.0.0.1:0", "0.0.0.0:0")):
            for value, status in (("auto", 404), ("on", 200)):
                server = self.server("serve", ordinary(), "--listing", value, listen=(*addresses, "unix:" + scratch_path("socket")),
                                     before=alone_in_the_world)
                self.assertEqual(self.client(server.address(len(addresses))).ask("/").status, status, (addresses, value))

    def test_an_index_comes_before_a_listing_in_the_order_given(self):
        root = folder_of({"both/one.html": b"one", "both/two.html": b"two", "first/one.html": b"one", "second/two.html": b"two",
                          "none/three.html": b"three",
                          "folder/one.html/x": b"x", "folder/two.html": b"two"})
        client = self.client(self.server("serve", root, "--index", "one.html", "--index", "two.html", "--listing", "on"))
        for folder, body in (("both", b"one"), ("first", b"one"), ("second", b"two")):
            self.assertEqual(client.ask(f"/{folder}/").body, body, folder)
        self.assertEqual(Page(client.ask("/none/").body).names("/none/"), [b"three.html"])
        self.assertEqual(client.ask("/folder/").body, b"two", "a folder is no index")

    def test_a_folder_without_its_slash_is_redirected(self):
        client = self.client(self.server("serve", ordinary(), "--listing", "on"))
        response = client.ask("/zoo?sort=size")
        self.assertEqual((response.status, response.field("location")), (301, "/zoo/?sort=size"))
        self.assertEqual(client.ask("/nowhere/").status, 404)
        self.assertEqual(client.ask("/file2.txt/").status, 404)


@quick
class Listing(ListingCase):
    def setUp(self):
        self.link = self.client(self.server("serve", ordinary(), "--listing", "on", "--workers", "1"))

    def test_everything_is_there_folders_first_and_in_natural_order(self):
        _, page = self.page(self.link)
        self.assertEqual([n for n in page.names() if n not in (b"out.txt", b"pipe")],
                         [b"bar/", b"sub folder/", b"zoo/", b"empty.bin", b"File1.txt", b"file2.txt", b"file10.txt", b"in.txt"])

    def test_every_link_leads_where_it_says(self):
        seen, queue = set(), ["/"]
        while queue:
            base = queue.pop()
            _, page = self.page(self.link, base)
            for path in page.entries(base):
                if path.endswith("/"):
                    queue.append(path)
                elif path != "/out.txt":
                    self.assertEqual(self.link.ask(path).status, 200, path)
                seen.add(path)
        self.assertLessEqual({"/zoo/x", "/bar/y", "/sub%20folder/deep/er/z.txt"}, seen)

    def test_breadcrumbs_lead_to_every_folder_above(self):
        _, page = self.page(self.link, "/sub%20folder/deep/er/")
        targets = {urllib.parse.urljoin("http://h/sub%20folder/deep/er/", link) for link in page.links}
        for above in ("/", "/sub%20folder/", "/sub%20folder/deep/"):
            self.assertIn("http://h" + above, targets)
            self.assertEqual(self.link.ask(above).status, 200)

    def test_hidden_files_are_hidden_until_they_are_asked_for(self):
        open_client = self.client(self.server("serve", ordinary(), "--listing", "on", "--dot-files"))
        for base, name in (("/", b".hidden"), ("/", b".git/"), ("/zoo/", b".env")):
            self.assertNotIn(name, self.page(self.link, base)[1].names(base))
            self.assertIn(name, self.page(open_client, base)[1].names(base))
        for fields in ("Accept: application/json\r\n", "Accept: text/plain\r\n"):
            self.assertNotIn(b".hidden", self.link.ask("/", fields=fields).body)

    def test_what_stands_outside_is_neither_linked_nor_measured(self):
        response, page = self.page(self.link)
        self.assertNotIn(str(len(SECRET) * 1000), re.sub(r"[,. _\u202f\u00a0']", "", response.body.decode()))
        self.assertEqual(self.link.ask("/out.txt").status, 403)
        self.assertNotIn("pipe", [os.path.basename(link) for link in page.links], "a pipe leads nowhere")

    def test_links_sort_by_name_size_and_time_both_ways(self):
        files = ["empty.bin", "File1.txt", "file2.txt", "file10.txt"]            # by name
        sizes = {name: os.stat(os.path.join(ordinary(), name)).st_size for name in files}
        times = {name: os.stat(os.path.join(ordinary(), name)).st_mtime for name in files}
        keys = {"name": files.index, "size": sizes.get, "time": times.get}
        seen, queue = {}, [""]
        while queue:
            query = queue.pop()
            _, page = self.page(self.link, "/" + query)
            names = [name.decode() for name in page.names()]
            folders = [name for name in names if name.endswith("/")]
            self.assertEqual(names[:len(folders)], folders, f"folders first, with {query}")
            seen[query] = [name for name in names if name in files]
            queue += [link for link in page.sorts() if link not in seen and link not in queue]
        orders = list(seen.values())
        for what, key in keys.items():
            self.assertIn(sorted(files, key=key), orders, f"by {what}, ascending, from {list(seen)}")
            self.assertIn(sorted(files, key=key, reverse=True), orders, f"by {what}, descending, from {list(seen)}")

    def test_an_odd_query_changes_nothing(self):
        want = self.page(self.link)[1].names()
        for query in ("?", "?x", "?sort", "?sort=", "?sort=nonsense&order=sideways", "?sort=name&sort=", "?&&&", "?" + "a=b&" * 500,
                      "?order=%22%3E%3Cscript%3E"):
            response, page = self.page(self.link, "/" + query)
            self.assertEqual(page.names(), want, query)
            self.assertNotIn(b"><script", response.body)

    def test_sizes_are_exact_in_a_title_and_times_machine_readable(self):
        _, page = self.page(self.link)
        digits = [re.sub(r"\D", "", title) for title in page.titles]
        self.assertIn("123456", digits)
        self.assertIn("1000", digits)
        text = " ".join(page.text)
        self.assertRegex(text, r"12[01]([.,]\d+)?\s*(k|K)i?B|123([.,]\d+)?\s*kB", "a size for people")
        stamps = {datetime.datetime.fromisoformat(t.replace("Z", "+00:00")).timestamp() for t in page.times}
        for name in ("file10.txt", "file2.txt", "File1.txt", "empty.bin"):
            self.assertIn(os.stat(os.path.join(ordinary(), name)).st_mtime, stamps, name)

    def test_nothing_runs_and_nothing_is_loaded(self):
        response, page = self.page(self.link)
        policy = response.field("content-security-policy")
        directives = {part.split()[0]: part.split()[1:] for part in policy.split(";") if part.strip()}
        self.assertEqual(directives["default-src"], ["'none'"])
        self.assertEqual(directives["frame-ancestors"], ["'none'"])
        self.assertEqual(directives["base-uri"], ["'none'"])
        self.assertEqual(directives["form-action"], ["'none'"])
        self.assertNotIn("unsafe", policy)
        self.assertLessEqual(len(page.styles), 1)
        for style in page.styles:
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            self.assertIn(f"'sha256-{digest}'", directives["style-src"], "the style that stands in the page is not the one that may")
            self.assertNotIn("@import", style)
            self.assertNotRegex(style, r"url\((?!['\"]?data:)")
        self.assertFalse({"script", "iframe", "object", "embed", "base", "form"} & set(page.tags), page.tags)
        for tag, name, value in page.attributes:
            self.assertFalse(name.startswith("on") or name in ("style", "srcdoc"), (tag, name, value))
            if name == "src" or (name == "href" and tag == "link"):
                self.assertTrue(value.startswith("data:"), (tag, name, value))

    def test_it_is_fit_for_a_phone_a_screen_reader_and_the_dark(self):
        response, page = self.page(self.link)
        self.assertIn(("html", "lang", "en"), page.attributes)
        self.assertTrue(any(tag == "meta" and name == "name" and value == "viewport" for tag, name, value in page.attributes))
        self.assertIn(b"prefers-color-scheme", response.body.replace(b"color-scheme", b"prefers-color-scheme", 1))
        self.assertEqual(page.tags.count("h1"), 1)
        self.assertEqual(page.tags.count("main"), 1)
        self.assertIn("nav", page.tags)
        self.assertIn("th", page.tags)
        self.assertTrue(response.body.lower().startswith(b"<!doctype html>"))

    def test_a_head_is_that_of_the_page_without_it(self):
        for fields in ("", "Accept: application/json\r\n", "Accept: text/plain\r\n"):
            get, head = (self.link.ask("/", method=method, fields=fields) for method in ("GET", "HEAD"))
            omit = ("date", "content-length", "transfer-encoding")
            self.assertEqual([h for h in get.headers if h[0] not in omit], [h for h in head.headers if h[0] not in omit])
        self.assertEqual(self.link.ask("/file10.txt").status, 200)

    def test_an_old_client_and_one_that_closes_get_all_of_it(self):
        want = self.page(self.link)[1].names()
        server = self.server("serve", ordinary(), "--listing", "on")
        for kwargs in ({"version": "1.0"}, {"fields": "Connection: close\r\n"}):
            client = self.client(server)
            self.assertEqual(self.page(client, **kwargs)[1].names(), want)
            client.expect_end()

    def test_ranges_and_conditions_are_not_for_a_listing(self):
        for fields in ("Range: bytes=0-9\r\n", "Range: bytes=99999999-\r\n", 'If-None-Match: "x"\r\n',
                       "If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT\r\n"):
            self.assertEqual(len(self.page(self.link, fields=fields)[1].names()), len(self.page(self.link)[1].names()), fields)

    def test_an_empty_folder_has_a_page_and_empty_lists(self):
        client = self.client(self.server("serve", folder_of({"void": None}), "--listing", "on"))
        self.assertEqual(self.page(client, "/void/")[1].names("/void/"), [])
        self.assertEqual(self.listed(client, "/void/"), [])
        self.assertEqual(client.ask("/void/", fields="Accept: text/plain\r\n").body, b"")


@quick
class Forms(ListingCase):
    def setUp(self):
        self.link = self.client(self.server("serve", ordinary(), "--listing", "on", "--workers", "1"))

    def test_accept_chooses_with_its_weights(self):
        page, data, plain = "text/html", "application/json", "text/plain"
        for value, kind in ((None, page), ("*/*", page), ("text/html", page), (data, data), (plain, plain), ("text/*", page),
                            ("application/*", data), ("image/png", page),
                            ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", page),
                            ("application/json;q=0.5, text/html;q=0.4", data),
                            ("application/json, text/plain, */*", data), ("text/plain, text/html;q=0.9", plain),
                            ("text/plain;q=0.5, */*;q=0.1", plain),
                            ("text/html;q=0, */*", data), ("text/html;q=0.5, text/*;q=0.9", plain), ("application/json;q=0", page),
                            ("*/*;q=0.5, application/json", data),
                            ("APPLICATION/JSON", data), ("application/json;charset=utf-8", data),
                            ("application/json ; q=0.9 , text/plain ; q=1", plain), ("", page),
                            ("json", page), ("application/jsonp", page), ("garbage/;;;=, application/json", data)):
            with self.subTest(value=value):
                response = self.link.ask("/", fields="" if value is None else f"Accept: {value}\r\n")
                self.assertEqual((response.status, response.field("content-type").split(";")[0]), (200, kind), value)
                self.assertIn("accept", [part.strip().lower() for part in response.field("vary").split(",")], value)
        response = self.link.ask("/", fields="Accept: text/html;q=0.1\r\nAccept: application/json\r\n")
        self.assertEqual(response.field("content-type").split(";")[0], data)

    def test_all_forms_list_the_same(self):
        names = [name for name in self.listed(self.link) if name not in ("out.txt", "pipe")]
        self.assertEqual(names, ["bar", "sub folder", "zoo", "empty.bin", "File1.txt", "file2.txt", "file10.txt", "in.txt"])
        lines = self.link.ask("/", fields="Accept: text/plain\r\n").body.decode().splitlines()
        self.assertEqual([line.rstrip("/") for line in lines if line not in ("out.txt", "pipe")], names)

    def test_json_knows_sizes_and_times(self):
        document = json.loads(self.link.ask("/", fields="Accept: application/json\r\n").body)
        rows = document if isinstance(document, list) else next(value for value in document.values() if isinstance(value, list))
        row = next(row for row in rows if row["name"] == "file2.txt")
        self.assertEqual(row["size"], 123_456)
        self.assertTrue(any(re.match(r"2023-11-14T22:13:15", str(value)) or value == MTIME - 5 for value in row.values()), row)

    def test_sort_and_order_are_for_all_forms(self):
        query = next(link for link in self.page(self.link)[1].sorts() if "size" in link)
        want = [name.decode().rstrip("/") for name in self.page(self.link, "/" + query)[1].names() if name not in (b"out.txt", b"pipe",
                                                                                                                   b"in.txt")]
        self.assertEqual([name for name in self.listed(self.link, "/" + query) if name not in ("out.txt", "pipe", "in.txt")], want)


class HostileNames(ListingCase):
    def setUp(self):
        self.link = self.client(self.server("serve", hostile(), "--listing", "on", "--workers", "1"))

    def test_every_link_leads_back_to_its_file(self):
        _, page = self.page(self.link)
        paths = page.entries()
        self.assertEqual(sorted(page.names()), sorted(os.fsencode(name) + (b"/" if os.path.isdir(os.path.join(hostile(), name)) else b"")
                                                      for name in os.listdir(hostile())))
        for path in paths:
            name = urllib.parse.unquote_to_bytes(path[1:])
            if path.endswith("/"):
                self.assertEqual(self.page(self.link, path)[1].names(path), [b"inside.txt"], path)
                self.assertTrue(self.link.ask(path + "inside.txt").body.startswith(b"folder "), path)
            else:
                self.assertEqual(self.link.ask(path).body, b"file " + name, path)

    def assert_harmless(self, response, page):
        text = response.body.decode("utf-8")                      # which it must be
        for mark in BIDIRECTIONAL + "\u2028\u2029\x7f\x85\x9b":
            self.assertNotIn(mark, text)
        self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f]", text))
        self.assertFalse({"script", "img", "b", "iframe", "svg"} & set(page.tags), page.tags)
        self.assertFalse([a for a in page.attributes if a[1].startswith("on")])
        self.assertTrue(all(re.fullmatch(r"[!-~]*", link) for link in page.links), page.links)

    def test_no_name_becomes_markup_or_turns_the_text(self):
        response, page = self.page(self.link)
        self.assert_harmless(response, page)
        for seen in ("<script>alert(1)", "&lt;b&gt;", "caf\u00e9", "a&amp;b"):
            self.assertIn(seen, "".join(page.text), "it is shown as it is")
        for path in page.entries():
            if path.endswith("/"):
                self.assert_harmless(*self.page(self.link, path))

    def test_breadcrumbs_of_hostile_folders_lead_back(self):
        for path in self.page(self.link)[1].entries():
            if path.endswith("/"):
                targets = {urllib.parse.urljoin("http://h" + path, link) for link in self.page(self.link, path)[1].links}
                self.assertIn("http://h/", targets, path)

    def test_json_is_json_and_has_every_name(self):
        response = self.link.ask("/", fields="Accept: application/json\r\n")
        names = names_in(json.loads(response.body.decode("utf-8")))
        self.assertEqual(len(names), len(os.listdir(hostile())))
        def spelled(name):
            return re.sub("\ufffd+", "\ufffd", name)
        names = set(map(spelled, names))
        for name in HOSTILE:
            self.assertIn(spelled(name.decode("utf-8", "replace")), names)
        self.assertTrue(all(mark not in response.body.decode() for mark in "\u2028\u2029\x7f"), "it may be pasted into a script")

    def test_the_plain_list_is_one_line_for_each_name(self):
        response = self.link.ask("/", fields="Accept: text/plain\r\n")
        lines = response.body.decode("utf-8").split("\n")
        self.assertEqual(lines.pop(), "")
        self.assertEqual(len(lines), len(os.listdir(hostile())))
        self.assertEqual(len(set(lines)), len(lines), "two names look the same")
        for mark in BIDIRECTIONAL + "\x1b\r\x7f\x85":
            self.assertNotIn(mark, response.body.decode("utf-8"))
        self.assertIn("caf\u00e9", lines)

    def test_a_redirection_to_a_hostile_folder_keeps_its_head_whole(self):
        for name in HOSTILE:
            if len(name) < 200:
                path = "/" + urllib.parse.quote(b"dir " + name)
                response = self.link.ask(path)
                self.assertEqual(response.status, 301, path)
                self.assertEqual(urllib.parse.unquote_to_bytes(response.field("location")), b"/dir " + name + b"/")

    def test_a_validator_has_nothing_to_say(self):
        tidy = shutil.which("tidy")
        if tidy is None:
            self.skipTest("tidy is not installed")
        server = self.server("serve", ordinary(), "--listing", "on")
        pages = [self.client(server).ask(target) for target in ("/", "/sub%20folder/deep/", "/?sort=size")]
        pages += [self.client(server).ask("/nowhere"), self.client(server).ask("/zoo"), self.link.ask("/")]
        for response in pages:
            done = subprocess.run([tidy, "-quiet", "-errors", "-utf8", "--drop-empty-elements", "no", "--show-info", "yes"],
                                  input=response.body,
                                  capture_output=True, check=False)
            complaints = [line for line in done.stderr.decode().splitlines() if not line.endswith(UNFOUNDED)]
            self.assertEqual(complaints, [], f"{response!r}")


class CrowdCase(ListingCase):
    def crowded(self, count):
        root = scratch_path("site")
        os.mkdir(root)
        folder = os.open(root, os.O_PATH)
        for i in range(count):
            os.close(os.open(f"entry-{i:07}", os.O_CREAT | os.O_WRONLY, 0o644, dir_fd=folder))
        os.close(folder)
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        return root

    def count_names(self, client, target, fields=""):
        """Each name in the answer, and how often: the page is not kept whole."""
        seen, rest = {}, b""

        def take(data):
            nonlocal rest
            rest += data
            names = re.findall(rb"entry-\d{7}", rest)
            for name in names:
                seen[name] = seen.get(name, 0) + 1
            rest = re.split(rb"entry-\d{7}", rest)[-1][-20:]
        client.send(f"GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n")
        response = client.read(on_data=take, age_max=600)
        self.assertEqual(response.status, 200)
        self.assertEqual(len(set(seen.values())), 1, "some stand there more often than others")
        return seen


class Crowded(CrowdCase):
    COUNT = 20_000

    def test_twenty_thousand_entries_are_all_there_in_every_form(self):
        root = self.crowded(self.COUNT)
        server = self.server("serve", root, "--listing", "on", "--workers", "1")
        client = self.client(server, timeout=60)
        _, page = self.page(client)
        self.assertEqual(page.names(), [b"entry-%07d" % i for i in range(self.COUNT)])
        self.assertEqual(self.listed(client), [f"entry-{i:07}" for i in range(self.COUNT)])
        self.assertEqual(client.ask("/", fields="Accept: text/plain\r\n").body.decode().split(),
                         [f"entry-{i:07}" for i in range(self.COUNT)])
        self.assertEqual(self.page(client, "/?sort=name&order=desc")[1].names(), [b"entry-%07d" % i for i in reversed(range(self.COUNT))])

    def test_others_are_served_while_a_long_listing_is_made(self):
        root = self.crowded(self.COUNT)
        with open(os.path.join(root, "small"), "wb") as f:
            f.write(b"small\n")
        server = self.server("serve", root, "--listing", "on", "--workers", "1")
        slow = self.client(server, timeout=60, receive_buffer=4096)
        slow.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client = self.client(server)
        for _ in range(50):
            self.assertEqual(client.ask("/small").body, b"small\n")
        self.assertEqual(len(Page(slow.read().body).names()), self.COUNT + 1)

    def test_a_folder_that_changes_while_it_is_listed_has_all_that_stayed_once(self):
        root = self.crowded(self.COUNT)
        server = self.server("serve", root, "--listing", "on", "--workers", "1")
        done = threading.Event()

        def change():
            turn = 0
            while not done.is_set():
                os.rename(os.path.join(root, f"entry-{turn % 1000:07}"), os.path.join(root, "moved"))
                os.rename(os.path.join(root, "moved"), os.path.join(root, f"entry-{turn % 1000:07}"))
                with open(os.path.join(root, f"new-{turn}"), "wb"):
                    pass
                os.unlink(os.path.join(root, f"new-{turn}"))
                turn += 1
                time.sleep(0.001)
        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(3):
                client = self.client(server, timeout=60, receive_buffer=16384)
                _, page = self.page(client)
                names = page.names()
                self.assertEqual(len(names), len(set(names)), "a name twice")
                self.assertLessEqual({b"entry-%07d" % i for i in range(1000, self.COUNT)}, set(names))
                json.loads(client.ask("/", fields="Accept: application/json\r\n").body)
        finally:
            done.set()
            thread.join()

    def test_a_folder_that_vanishes_while_it_is_listed_ends_in_an_orderly_way(self):
        root = self.crowded(2_000)
        server = self.server("serve", os.path.dirname(root), "--listing", "on", "--workers", "1")
        client = self.client(server, timeout=20, receive_buffer=4096)
        client.send("GET /site/ HTTP/1.1\r\nHost: x\r\n\r\n")
        shutil.rmtree(root)
        self.assertIn(client.read().status, (200, 404))
        wait_until(lambda: client.ask("/site/").status == 404, 3, "it is gone")

    def test_clients_that_leave_cost_no_descriptor(self):
        server = self.server("serve", self.crowded(5_000), "--listing", "on", "--workers", "1")
        self.assert_serves(server, "/entry-0000000")
        before = server.descriptors()
        clients = [self.client(server, receive_buffer=4096) for _ in range(20)]
        for client in clients:
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for i, client in enumerate(clients):
            if i % 3:
                client.receive(1000)
            client.reset() if i % 2 else client.close()
        wait_until(lambda: server.descriptors() <= before, 5, "descriptors of folders and sockets given back")
        self.assert_serves(server, "/entry-0000001")


@alone
@native
class Million(CrowdCase):
    COUNT = 1_000_000

    def test_a_million_entries_are_all_there_in_bounded_memory(self):
        if not LARGE:
            self.skipTest("a million files take a minute; --large")
        server = self.server("serve", self.crowded(self.COUNT), "--listing", "on", "--workers", "1", "--send-timeout", "120")
        client = self.client(server, timeout=180)

        def peak():
            with open(f"/proc/{server.pid}/status", encoding="ascii", errors="replace") as f:
                return int(re.search(r"VmHWM:\s+(\d+) kB", f.read()).group(1)) << 10
        before = peak()
        for fields in ("Accept: text/plain\r\n", "Accept: application/json\r\n", ""):
            seen = self.count_names(client, "/", fields)
            self.assertEqual(len(seen), self.COUNT)
        grown = peak() - before
        print(f"     a million entries took {grown >> 20} MiB")
        self.assertLess(grown, 64 << 20)
