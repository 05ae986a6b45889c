#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/listing_page.h"
#include "tests/check_support.h"

/* ---- a page as a whole ---- */

static char page[LISTING_HEAD_MAX + 16 * LISTING_ROW_MAX + LISTING_FOOT_MAX + 1];

static void compose(const struct listing_view *view, const char *path, const struct listing_entry *entries, size_t count)
{
    struct listing_totals totals = { 0, 0, 0, 0 };
    size_t len = listing_page_head(view, slice_of(path), page);
    ck_assert_uint_le(len, LISTING_HEAD_MAX);
    ck_assert_uint_le(count, 16);
    for (size_t i = 0; i < count; i++) {
        size_t row = listing_page_row(view, &entries[i], &totals, page + len);
        ck_assert_uint_le(row, LISTING_ROW_MAX);
        len += row;
    }
    size_t foot = listing_page_foot(view, &totals, page + len);
    ck_assert_uint_le(foot, LISTING_FOOT_MAX);
    page[len + foot] = '\0';
}

static unsigned count_of(const char *text)
{
    unsigned count = 0;
    for (const char *at = page; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

#define CK_HOLDS(text) ck_assert_msg(strstr(page, (text)) != NULL, "no '%s' in\n%s", (text), page)
#define CK_LACKS(text) ck_assert_msg(strstr(page, (text)) == NULL, "'%s' in\n%s", (text), page)

static struct listing_view view_of(enum listing_form form, const char *query)
{
    struct listing_view view = { .form = form };
    listing_view_parse(slice_of(query), &view);
    return view;
}

static const struct listing_entry some[] = {
    { TEXT("more"), LISTING_FOLDER, 4096, 784111777 },
    { TEXT("<b>&\"'"), LISTING_FILE, 1234567, 0 },
    { TEXT("pipe"), LISTING_OTHER, 0, INT64_MAX },
};

START_TEST(a_page_says_what_is_in_the_folder)
{
    struct listing_view view = view_of(LISTING_HTML, "");
    compose(&view, "/a/b c/", some, COUNT_OF(some));
    CK_HOLDS("<title>b c/</title>");
    CK_HOLDS("<a href=\"../../\">Home</a>");
    CK_HOLDS("<a href=\"../\">a</a>");
    CK_HOLDS("<h1>b c</h1>");
    CK_HOLDS("<a class=\"up\" href=\"../\">Parent folder</a>");
    CK_HOLDS("<a class=\"folder\" href=\"more/\">more/</a></th><td></td>"
             "<td><time datetime=\"1994-11-06T08:49:37Z\">1994-11-06<span> 08:49</span></time>");
    CK_HOLDS("<a href=\"%3Cb%3E%26%22%27\">&lt;b&gt;&amp;&quot;&#39;</a></th><td title=\"1,234,567 bytes\">1.2 MB</td>");
    CK_HOLDS("<span>pipe</span></th><td></td><td></td></tr>");
    CK_HOLDS("1 folder, 1 file, 1 other, 1.2 MB. Times are UTC.");
    CK_LACKS("is empty");
    CK_LACKS("<script");
    CK_LACKS("http:");
    CK_LACKS("https:");
}
END_TEST

START_TEST(an_empty_folder_says_so)
{
    struct listing_view view = view_of(LISTING_HTML, "");
    compose(&view, "/", NULL, 0);
    CK_HOLDS("This folder is empty.");
    CK_HOLDS("<h1>Home</h1>");
    CK_HOLDS("<title>/</title>");
    CK_LACKS("../");
    CK_LACKS("0 files");
    view.form = LISTING_JSON;
    compose(&view, "/", NULL, 0);
    ck_assert_str_eq(page, "[]\n");
    view.form = LISTING_TEXT;
    compose(&view, "/", NULL, 0);
    ck_assert_str_eq(page, "");
}
END_TEST

START_TEST(json_holds_one_object_for_each_entry)
{
    struct listing_view view = view_of(LISTING_JSON, "");
    compose(&view, "/", some, COUNT_OF(some));
    ck_assert_str_eq(page, "[\n{\"name\":\"more\",\"href\":\"more/\",\"type\":\"folder\",\"size\":null,\"modified\":\"1994-11-06T08:49:37Z\"},\n"
                           "{\"name\":\"<b>&\\\"'\",\"href\":\"%3Cb%3E%26%22%27\",\"type\":\"file\",\"size\":1234567,"
                           "\"modified\":\"1970-01-01T00:00:00Z\"},\n"
                           "{\"name\":\"pipe\",\"href\":\"pipe\",\"type\":\"other\",\"size\":null,\"modified\":null}\n]\n");
}
END_TEST

START_TEST(a_plain_list_has_one_entry_a_line)
{
    const struct listing_entry entries[] = { { TEXT("more"), LISTING_FOLDER, 0, 0 }, { TEXT("a\nb\\"), LISTING_FILE, 0, 0 } };
    struct listing_view view = view_of(LISTING_TEXT, "");
    compose(&view, "/x/", entries, COUNT_OF(entries));
    ck_assert_str_eq(page, "more/\na\\x0Ab\\\\\n");
}
END_TEST

/* ---- order ---- */

START_TEST(a_query_says_the_order_and_what_is_unknown_is_passed_over)
{
    static const struct { const char *query; enum listing_sort sort; bool descending; } cases[] = {
        { "", LISTING_BY_NAME, false },
        { "sort=size", LISTING_BY_SIZE, false },
        { "sort=time&order=desc", LISTING_BY_TIME, true },
        { "order=desc", LISTING_BY_NAME, true },
        { "order=desc&order=asc", LISTING_BY_NAME, false },
        { "x=y&&=&sort=size&sort", LISTING_BY_SIZE, false },
        { "sort=SIZE&order=up", LISTING_BY_NAME, false },
        { "sort=&order=", LISTING_BY_NAME, false },
        { "&", LISTING_BY_NAME, false },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct listing_view view = { .form = LISTING_JSON };
        listing_view_parse(flush_copy(slice_of(cases[i].query)), &view);
        ck_assert_msg(view.sort == cases[i].sort && view.descending == cases[i].descending, "'%s'", cases[i].query);
        ck_assert_int_eq(view.form, LISTING_JSON);
    }
}
END_TEST

START_TEST(headers_lead_to_the_other_order_and_say_which_it_is)
{
    struct listing_view view = view_of(LISTING_HTML, "sort=size");
    compose(&view, "/", some, 1);
    CK_HOLDS("<th scope=\"col\"><a href=\"?sort=name&amp;order=asc\">Name</a></th>");
    CK_HOLDS("<th scope=\"col\" aria-sort=\"ascending\"><a href=\"?sort=size&amp;order=desc\">Size</a></th>");
    CK_HOLDS("sorted by size, ascending</caption>");
    ck_assert_uint_eq(count_of(" aria-sort="), 1);
    view = view_of(LISTING_HTML, "sort=time&order=desc");
    compose(&view, "/", some, 1);
    CK_HOLDS("<th scope=\"col\" aria-sort=\"descending\"><a href=\"?sort=time&amp;order=asc\">Modified</a></th>");
    CK_HOLDS("sorted by time, descending</caption>");
    ck_assert_uint_eq(count_of(" aria-sort="), 1);
}
END_TEST

/* ---- figures ---- */

START_TEST(sizes_are_short_in_the_cell_and_exact_in_its_title)
{
    static const struct { uint64_t size; const char *cell; } cases[] = {
        { 0, "title=\"0 bytes\">0 B<" }, { 1, "title=\"1 byte\">1 B<" }, { 999, "title=\"999 bytes\">999 B<" },
        { 1000, "title=\"1,000 bytes\">1.0 kB<" },
        { 1049, ">1.0 kB<" }, { 1050, ">1.1 kB<" }, { 9949, ">9.9 kB<" }, { 9950, ">10 kB<" }, { 999499, ">999 kB<" }, { 999500, ">1.0 MB<" },
        { 1000000, "title=\"1,000,000 bytes\">1.0 MB<" }, { 73400320123, "title=\"73,400,320,123 bytes\">73 GB<" },
        { 999499999999999999, ">999 PB<" }, { 999500000000000000, ">1.0 EB<" }, { UINT64_MAX, "title=\"18,446,744,073,709,551,615 bytes\">18 EB<" },
    };
    struct listing_view view = view_of(LISTING_HTML, "");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct listing_entry entry = { SLICE("x"), LISTING_FILE, cases[i].size, 0 };
        compose(&view, "/", &entry, 1);
        CK_HOLDS(cases[i].cell);
    }
}
END_TEST

/* ---- bounds ---- */

START_TEST(parts_of_the_worst_names_keep_within_their_bounds)
{
    static char path[4098], name[LISTING_NAME_MAX];
    static const char worst[] = { '\x01', '\xff', '"', 'a' };
    memset(path, '\xff', sizeof(path) - 1);
    for (size_t at = 0; at < sizeof(path); at += LISTING_NAME_MAX + 1)
        path[at] = '/';
    path[sizeof(path) - 2] = '/';
    for (int form = 0; form < LISTING_FORM_COUNT; form++) {
        struct listing_view view = view_of((enum listing_form)form, "sort=time&order=desc");
        for (size_t i = 0; i < sizeof(worst); i++) {
            memset(name, worst[i], sizeof(name));
            struct listing_entry entry = { { name, sizeof(name) }, LISTING_FOLDER, UINT64_MAX, 253402300799 };
            compose(&view, path, &entry, 1);
            entry.kind = LISTING_FILE;
            compose(&view, path, &entry, 1);
        }
    }
}
END_TEST

START_TEST(a_path_of_very_many_folders_names_the_nearest)
{
    char path[4096];
    for (size_t i = 0; i < sizeof(path) - 1; i++)
        path[i] = i % 2 == 0 ? '/' : 'x';
    path[sizeof(path) - 1] = '\0';
    struct listing_view view = view_of(LISTING_HTML, "");
    compose(&view, path, some, 1);
    ck_assert_uint_eq(count_of("\">x</a></li>"), 8);
    CK_HOLDS("<li><a href=\"../../../../../../../../../\">\xe2\x80\xa6</a></li>");
    CK_HOLDS("<li><a href=\"../\">x</a></li>\n<li><h1>x</h1></li>");
}
END_TEST

/* ---- the policy names the style by its hash: SHA-256 (FIPS 180-4), from its definition ---- */

static uint32_t turned(uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

__extension__ typedef unsigned __int128 wide;

/* The first 32 bits behind the point of the square or cube root of a prime. */
static uint32_t root_bits(unsigned prime, unsigned degree)
{
    wide low = 0, high = (wide)20 << 32;
    while (high - low > 1) {
        wide middle = (low + high) / 2, power = middle * middle;
        bool is_above = degree == 2 ? power > (wide)prime << 64 : power > ((wide)prime << 96) / middle;
        if (is_above)
            high = middle;
        else
            low = middle;
    }
    return (uint32_t)low;
}

static void hash_block(uint32_t state[8], const uint32_t constants[64], const unsigned char *block)
{
    uint32_t w[64], v[8];
    for (size_t i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < 64; i++) {
        uint32_t low = turned(w[i - 15], 7) ^ turned(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t high = turned(w[i - 2], 17) ^ turned(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + low + w[i - 7] + high;
    }
    memcpy(v, state, sizeof(v));
    for (size_t i = 0; i < 64; i++) {
        uint32_t e = turned(v[4], 6) ^ turned(v[4], 11) ^ turned(v[4], 25), a = turned(v[0], 2) ^ turned(v[0], 13) ^ turned(v[0], 22);
        uint32_t first = v[7] + e + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[i] + w[i];
        uint32_t second = a + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[4] += first;
        v[0] = first + second;
    }
    for (size_t i = 0; i < 8; i++)
        state[i] += v[i];
}

static void sha256(const char *text, size_t len, unsigned char out[33])
{
    static unsigned char padded[16384];
    uint32_t state[8], constants[64];
    size_t blocks = (len + 9 + 63) / 64, found = 0;
    for (unsigned n = 2; found < 64; n++) {
        bool is_prime = true;
        for (unsigned d = 2; d * d <= n; d++)
            is_prime = is_prime && n % d != 0;
        if (!is_prime)
            continue;
        if (found < 8)
            state[found] = root_bits(n, 2);
        constants[found++] = root_bits(n, 3);
    }
    ck_assert_uint_le(blocks * 64, sizeof(padded));
    memset(padded, 0, sizeof(padded));
    memcpy(padded, text, len);
    padded[len] = 0x80;
    for (size_t i = 0; i < 8; i++)
        padded[blocks * 64 - 1 - i] = (unsigned char)((uint64_t)len * 8 >> 8 * i);
    for (size_t i = 0; i < blocks; i++)
        hash_block(state, constants, padded + 64 * i);
    for (size_t i = 0; i < 32; i++)
        out[i] = (unsigned char)(state[i / 4] >> 8 * (3 - i % 4));
    out[32] = 0;
}

/* In base64, NUL-terminated. */
static void hash_of(const char *text, size_t len, char out[45])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned char hash[33];
    sha256(text, len, hash);
    for (size_t i = 0; i < 11; i++) {
        uint32_t three = (uint32_t)hash[3 * i] << 16 | (uint32_t)hash[3 * i + 1] << 8 | hash[3 * i + 2];
        for (size_t k = 0; k < 4; k++)
            out[4 * i + k] = digits[three >> 6 * (3 - k) & 63];
    }
    out[43] = '=';
    out[44] = '\0';
}

START_TEST(the_policy_lets_in_the_style_of_the_page_and_nothing_else)
{
    char hash[45], source[80];
    struct slice policy = listing_security_policy();
    hash_of("abc", 3, hash);
    ck_assert_str_eq(hash, "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
    struct listing_view view = view_of(LISTING_HTML, "");
    compose(&view, "/", some, COUNT_OF(some));
    ck_assert_uint_eq(count_of("<style>"), 1);
    ck_assert_uint_eq(count_of("style="), 0);
    const char *style = strstr(page, "<style>") + strlen("<style>");
    hash_of(style, (size_t)(strstr(style, "</style>") - style), hash);
    snprintf(source, sizeof(source), "; style-src 'sha256-%s';", hash);
    ck_assert_msg(memmem(policy.ptr, policy.len, source, strlen(source)) != NULL, "the policy has to say%s", source);
    ck_assert(slice_starts_with(policy, SLICE("default-src 'none';")));
    static const char *const closed[] = { "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'" };
    for (size_t i = 0; i < COUNT_OF(closed); i++)
        ck_assert(memmem(policy.ptr, policy.len, closed[i], strlen(closed[i])) != NULL);
    ck_assert(memmem(policy.ptr, policy.len, "unsafe", 6) == NULL);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("listing_page");
    tcase_add_test(tests, a_page_says_what_is_in_the_folder);
    tcase_add_test(tests, an_empty_folder_says_so);
    tcase_add_test(tests, json_holds_one_object_for_each_entry);
    tcase_add_test(tests, a_plain_list_has_one_entry_a_line);
    tcase_add_test(tests, a_query_says_the_order_and_what_is_unknown_is_passed_over);
    tcase_add_test(tests, headers_lead_to_the_other_order_and_say_which_it_is);
    tcase_add_test(tests, sizes_are_short_in_the_cell_and_exact_in_its_title);
    tcase_add_test(tests, parts_of_the_worst_names_keep_within_their_bounds);
    tcase_add_test(tests, a_path_of_very_many_folders_names_the_nearest);
    tcase_add_test(tests, the_policy_lets_in_the_style_of_the_page_and_nothing_else);
    return check_run(tests);
}
