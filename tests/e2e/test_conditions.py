"""Conditional requests (RFC 9110 §13): the whole truth table of §13.2.2, entity tags, and dates."""

import email.utils
import functools
import itertools

from support import E2E, MTIME, folder_of, on_epoll, quick, shared, strong_tag

SAME = email.utils.formatdate(MTIME, usegmt=True)
BEFORE = email.utils.formatdate(MTIME - 1, usegmt=True)
AFTER = email.utils.formatdate(MTIME + 1, usegmt=True)

# One moment in the three forms of RFC 9110 §5.6.7, and neighbours of it.
FORMS = {0: ("Tue, 14 Nov 2023 22:13:20 GMT", "Tuesday, 14-Nov-23 22:13:20 GMT", "Tue Nov 14 22:13:20 2023"),
         -1: ("Tue, 14 Nov 2023 22:13:19 GMT", "Tuesday, 14-Nov-23 22:13:19 GMT", "Tue Nov 14 22:13:19 2023"),
         1: ("Tue, 14 Nov 2023 22:13:21 GMT", "Tuesday, 14-Nov-23 22:13:21 GMT", "Tue Nov 14 22:13:21 2023"),
         -365 * 86_400: ("Mon, 14 Nov 2022 22:13:20 GMT", "Monday, 14-Nov-22 22:13:20 GMT", "Mon Nov 14 22:13:20 2022")}

NO_DATES = ("", "yesterday", "0", "1700000000", "2023-11-14T22:13:20Z", "Tue, 14 Nov 2023 22:13:20", "Tue, 14 Nov 2023 22:13:20 +0100",
            "Tue, 32 Nov 2030 22:13:20 GMT", "Tue, 14 Nov 2030 24:13:20 GMT", "Tue, 14 Nov 2030 22:61:20 GMT",
            "Tue, 30 Feb 2030 22:13:20 GMT",
            "Tue, 14 Noz 2030 22:13:20 GMT", "Tue, 14 Nov 2030 22:13:20 GMT, " + SAME, "Tue, 14 Nov 99999 22:13:20 GMT",
            "Tue, 14 Nov -030 22:13:20 GMT")


@functools.cache
def folder():
    return folder_of({"f.txt": b"content\n", "large.bin": bytes(200_000), "sub/index.html": b"<p>sub</p>\n"})


def field(name, value):
    return "" if value is None else f"{name}: {value}\r\n"


def expected_status(match, unmodified, none_match, modified):
    """RFC 9110 §13.2.2, of what each field would say: None (absent or invalid), True or False."""
    if match is False or (match is None and unmodified is False):
        return 412
    if none_match is False or (none_match is None and modified is False):
        return 304
    return 200


@on_epoll
@quick
class Conditions(E2E):
    def setUp(self):
        self.serving = self.server("serve", folder(), "--workers", "1")
        self.link = self.client(self.serving)

    def status(self, fields, target="/f.txt", method="GET"):
        return self.link.ask(target, method=method, fields=fields).status

    def test_every_pair_of_pairs_gets_the_status_of_the_rule(self):
        tag = strong_tag(self.link, "/f.txt")
        matches = ((None, None), (tag, True), ('"other"', False), ("*", True), (f"W/{tag}", False))
        unmodifieds = ((None, None), (SAME, True), (AFTER, True), (BEFORE, False), ("yesterday", None))
        none_matches = ((None, None), ('"other"', True), (tag, False), ("*", False), (f"W/{tag}", False))
        modifieds = ((None, None), (BEFORE, True), (SAME, False), (AFTER, False), ("yesterday", None))
        for method in ("GET", "HEAD"):
            for (m, m_holds), (u, u_holds), (n, n_holds), (s, s_holds) in itertools.product(matches, unmodifieds, none_matches, modifieds):
                fields = (field("If-Modified-Since", s) + field("If-None-Match", n) + field("If-Unmodified-Since", u) +
                          field("If-Match", m))
                want = expected_status(m_holds, u_holds, n_holds, s_holds)
                self.assertEqual(self.status(fields, method=method), want, f"{method} with\n{fields}")

    def test_entity_tags_in_lists_and_in_several_fields(self):
        tag = strong_tag(self.link, "/f.txt")
        for value in (tag, f'"a", {tag}', f'{tag}, "b"', f'"a",{tag},"b"', f'"a" ,\t{tag}', f", ,{tag},", f'W/"a", W/{tag}',
                      f'"a,b", {tag}',
                      f'"a,{tag[1:-1]}", {tag}', '"", ' + tag, ", ".join(f'"{i}"' for i in range(500)) + ", " + tag):
            self.assertEqual(self.status(field("If-None-Match", value)), 304, value)
            self.assertEqual(self.status(field("If-Match", value)), 412 if "W/" in value else 200, value)
        for value in ('"a"', '"a", "b"', f'"{tag[1:-1]}x"', f'"x{tag[1:-1]}"', f'"a,{tag[1:-1]},b"', '""', 'W/""',
                      tag.upper() if tag.upper() != tag else '"A"'):
            self.assertEqual(self.status(field("If-None-Match", value)), 200, value)
            self.assertEqual(self.status(field("If-Match", value)), 412, value)
        for name, status in (("If-None-Match", 304), ("If-Match", 200)):
            self.assertEqual(self.status(field(name, '"a"') + "X: y\r\n" + field(name, tag) + field(name, '"b"')), status, name)
            self.assertEqual(self.status(field(name, '"a"') + field(name.lower(), tag)), status, name)
        self.assertEqual(self.status(field("If-None-Match", '"a"') + field("If-None-Match", '"b"')), 200)
        self.assertEqual(self.status(field("If-Match", '"a"') + field("If-Match", '"b"')), 412)

    def test_what_is_no_entity_tag_never_makes_a_304(self):
        tag = strong_tag(self.link, "/f.txt")
        bare = tag.strip('"')
        for value in (bare, f"'{bare}'", f"w/{tag}", f"W{tag}", f"W/ {tag}", tag[:-1], tag[1:], "**", "", '"', "W/", "W/*"):
            self.assertEqual(self.status(field("If-None-Match", value)), 200, value)

    def test_dates_in_their_three_forms(self):
        for offset, forms in FORMS.items():
            for date in forms:
                self.assertEqual(self.status(field("If-Modified-Since", date)), 304 if offset >= 0 else 200, date)
                self.assertEqual(self.status(field("If-Unmodified-Since", date)), 200 if offset >= 0 else 412, date)

    def test_what_is_no_date_is_ignored(self):
        for value in NO_DATES:
            self.assertEqual(self.status(field("If-Modified-Since", value)), 200, value)
            self.assertEqual(self.status(field("If-Unmodified-Since", value)), 200, value)
        self.assertEqual(self.status(field("If-Modified-Since", AFTER) + field("If-Modified-Since", AFTER)), 200,
                         "RFC 9110 §13.1.3: more than one member")

    def test_a_304_has_the_fields_that_it_must_have_and_no_content(self):
        for target in ("/f.txt", "/large.bin", "/sub/"):
            tag = strong_tag(self.link, target)
            whole = self.link.ask(target)
            for method in ("GET", "HEAD"):
                response = self.link.ask(target, method=method, fields=field("If-None-Match", tag))
                self.assertEqual((response.status, response.body), (304, b""), target)
                for name in ("etag", "vary", "cache-control", "x-content-type-options"):
                    self.assertEqual(response.field(name), whole.field(name), f"{name} of {target}")
                self.assertIn(response.field("content-length"), (None, whole.field("content-length")))
                self.assertIsNone(response.field("content-range"))
                self.assertFalse(response.closes)
        self.assertEqual(self.link.ask("/f.txt").body, b"content\n", "the connection is where it should be")

    def test_a_304_has_the_cache_control_of_its_200(self):
        client = self.client(self.server("serve", folder(), "--cache-control", "*.txt=max-age=60"))
        tag = client.ask("/f.txt").field("etag")
        response = client.ask("/f.txt", fields=field("If-None-Match", tag))
        self.assertEqual((response.status, response.field("cache-control"), response.field("etag")), (304, "max-age=60", tag))

    def test_a_412_is_an_error_page_and_keeps_the_connection(self):
        for method in ("GET", "HEAD"):
            response = self.link.ask("/f.txt", method=method, fields=field("If-Match", '"other"'))
            self.assertEqual(response.status, 412)
            self.assertFalse(response.closes)
        self.assertNotIn(b"content\n", self.link.ask("/f.txt", fields=field("If-Match", '"other"')).body)
        self.assertEqual(self.link.ask("/f.txt").body, b"content\n")

    def test_conditions_on_what_is_not_there_are_not_looked_at(self):
        for fields in ("If-Match: *\r\n", 'If-Match: "x"\r\n', "If-None-Match: *\r\n", field("If-Modified-Since", AFTER),
                       field("If-Unmodified-Since", BEFORE)):
            self.assertEqual(self.status(fields, "/nowhere"), 404, fields)
            self.assertEqual(self.status(fields, "/sub"), 301, fields)
            self.assertEqual(self.status(fields + "Content-Length: 0\r\n", method="POST"), 405, fields)

    def test_a_file_that_has_just_changed_is_not_modified_but_matches_not_strongly(self):
        client = self.client(self.server("serve", folder_of({"f.txt": b"new\n"}, mtime=None)))
        tag = client.ask("/f.txt").field("etag")
        if not tag.startswith("W/"):
            self.skipTest("the machine was too slow: the file is old by now")
        self.assertEqual(client.ask("/f.txt", fields=field("If-None-Match", tag)).status, 304)
        self.assertEqual(client.ask("/f.txt", fields=field("If-Match", tag)).status, 412)

    def test_a_date_that_the_file_did_not_have_before_1970_harms_nothing(self):
        for date in ("Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Sat, 01 Jan 1600 00:00:00 GMT",
                     "Sunday, 06-Nov-94 08:49:37 GMT"):
            self.assertEqual(self.status(field("If-Modified-Since", date)), 200, date)

    def test_an_old_tag_is_old_once_the_file_has_changed(self):
        client = self.client(shared("files"))
        for method in ("GET", "HEAD"):
            first = client.ask("/a.txt", method=method)
            other = client.ask("/sub/x.txt", method=method, fields=field("If-None-Match", first.field("etag")))
            self.assertEqual(other.status, 200, "another file's tag")
