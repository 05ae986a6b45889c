#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handler/file_cache.h"
#include "tests/check_support.h"

enum { FILES = 512, BYTES = 16 * 1024 * 1024 };

static struct file_cache cache;

static void begin(void)
{
    file_cache_init(&cache, FILES, BYTES, 4);
}

static void clear(void)
{
    file_cache_clear(&cache);
    ck_assert_ptr_null(cache.buckets);
}

/* A new entry whose body is `size` times the last letter of its key, held by the caller. */
static struct file_entry *entry_of(const char *key, size_t size)
{
    static const struct file_head head;
    struct file_entry *entry = file_entry_new(CODING_IDENTITY, slice_of(key), SLICE("name"), &head, size);
    ck_assert_ptr_nonnull(entry);
    memset((char *)(uintptr_t)entry->body.ptr, key[strlen(key) - 1], size);
    return entry;
}

/* Puts one in, and keeps no hold. */
static void put(const char *key, size_t size)
{
    struct file_entry *entry = entry_of(key, size);
    file_cache_put(&cache, entry);
    file_entry_release(entry);
}

static struct file_entry *find(const char *key)
{
    return file_cache_find(&cache, CODING_IDENTITY, slice_of(key));
}

/* Both directions of the queue, the buckets and the sums tell the same. */
static void expect_sound(void)
{
    uint32_t count = 0, hashed = 0, descriptors = 0;
    size_t bytes = 0;
    const struct file_entry *last = NULL;
    for (const struct file_entry *entry = cache.oldest; entry != NULL; entry = entry->newer) {
        ck_assert_ptr_eq(entry->older, last);
        ck_assert_uint_ge(entry->holders, 1);
        bytes += entry->path.len + entry->lines.len + entry->body.len;
        descriptors += entry->fd >= 0;
        count++;
        last = entry;
    }
    ck_assert_ptr_eq(cache.newest, last);
    for (size_t i = 0; cache.buckets != NULL && i < FILES; i++)
        for (const struct file_entry *entry = cache.buckets[i]; entry != NULL; entry = entry->next)
            hashed++;
    ck_assert_uint_eq(cache.count, count);
    ck_assert_uint_eq(hashed, count);
    ck_assert_uint_eq(cache.bytes, bytes);
    ck_assert_uint_eq(cache.descriptors, descriptors);
    ck_assert_uint_le(cache.descriptors, cache.descriptors_max);
    ck_assert_uint_le(cache.count, FILES);
    ck_assert_uint_le(cache.bytes, BYTES);
}

START_TEST(an_empty_cache_holds_no_memory)
{
    ck_assert_ptr_null(cache.buckets);
    ck_assert_ptr_null(find("/a"));
    put("/a", 10);
    ck_assert_ptr_nonnull(cache.buckets);
    file_cache_clear(&cache);
    ck_assert_ptr_null(cache.buckets);
    ck_assert_ptr_null(find("/a"));
    put("/a", 10);
    ck_assert_ptr_nonnull(find("/a"));
}
END_TEST

START_TEST(what_was_put_is_found_by_its_whole_key)
{
    put("/a", 3);
    put("/ab", 0);
    ck_assert(slice_equals(find("/a")->body, SLICE("aaa")));
    ck_assert_uint_eq(find("/ab")->body.len, 0);
    ck_assert_ptr_null(find("/"));
    ck_assert_ptr_null(find("/abc"));
    expect_sound();
}
END_TEST

START_TEST(the_key_is_copied)
{
    char key[] = "/a";
    put(key, 1);
    key[1] = 'b';
    ck_assert_ptr_nonnull(find("/a"));
    ck_assert_ptr_null(find("/b"));
}
END_TEST

START_TEST(a_newer_entry_takes_the_place_of_its_key)
{
    put("/a", 3);
    put("/b", 1);
    put("/a", 5);
    ck_assert_uint_eq(cache.count, 2);
    ck_assert_uint_eq(find("/a")->body.len, 5);
    expect_sound();
}
END_TEST

START_TEST(a_borrowed_body_outlives_its_place)
{
    put("/a", 3);
    struct file_entry *borrowed = find("/a");
    file_entry_hold(borrowed);
    put("/a", 5);
    ck_assert(slice_equals(borrowed->body, SLICE("aaa")));
    file_cache_clear(&cache);
    ck_assert(slice_equals(borrowed->body, SLICE("aaa")));
    ck_assert_uint_eq(borrowed->holders, 1);
    file_entry_release(borrowed);
}
END_TEST

START_TEST(the_number_of_entries_is_bounded)
{
    char key[32];
    for (unsigned i = 0; i < FILES + 100; i++) {
        snprintf(key, sizeof(key), "/%u", i);
        put(key, 1);
    }
    ck_assert_uint_eq(cache.count, FILES);
    ck_assert_ptr_null(find("/0"));
    ck_assert_ptr_null(find("/99"));
    ck_assert_ptr_nonnull(find("/100"));
    ck_assert_ptr_nonnull(find("/611"));
    expect_sound();
}
END_TEST

START_TEST(the_sum_of_bytes_is_bounded)
{
    char key[32];
    for (unsigned i = 0; i < 400; i++) {
        snprintf(key, sizeof(key), "/%u", i);
        put(key, FILE_CACHE_CRAMPED_BODY_MAX);
    }
    expect_sound();
    ck_assert_uint_gt(cache.count, 200);
    ck_assert_ptr_nonnull(find("/399"));
    ck_assert_ptr_null(find("/0"));
}
END_TEST

START_TEST(what_is_asked_for_survives_a_sweep_over_many_others)
{
    char key[32];
    put("/hot", 1);
    for (unsigned i = 0; i < 10 * FILES; i++) {
        if (i % 100 == 0)
            ck_assert_ptr_nonnull(find("/hot"));
        snprintf(key, sizeof(key), "/%u", i);
        put(key, 1);
    }
    ck_assert_ptr_nonnull(find("/hot"));
    ck_assert_ptr_null(find("/0"));
    expect_sound();
}
END_TEST

START_TEST(where_all_are_asked_for_the_oldest_goes)
{
    char key[32];
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(key, sizeof(key), "/%u", i);
        put(key, 1);
        ck_assert_ptr_nonnull(find(key));
    }
    put("/new", 1);
    ck_assert_ptr_null(find("/0"));
    ck_assert_ptr_nonnull(find("/1"));
    ck_assert_ptr_nonnull(find("/new"));
    expect_sound();
}
END_TEST

START_TEST(a_path_has_an_entry_for_each_coding)
{
    static const struct file_head head;
    for (unsigned coding = 0; coding < CODING_COUNT; coding++) {
        struct file_entry *entry = file_entry_new((enum coding)coding, SLICE("/a"), SLICE("a"), &head, coding);
        file_cache_put(&cache, entry);
        file_entry_release(entry);
    }
    ck_assert_uint_eq(cache.count, CODING_COUNT);
    for (unsigned coding = 0; coding < CODING_COUNT; coding++)
        ck_assert_uint_eq(file_cache_find(&cache, (enum coding)coding, SLICE("/a"))->size, coding);
    expect_sound();
}
END_TEST

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Puts in one that holds a descriptor, which is returned. */
static int put_open(const char *key)
{
    struct file_entry *entry = entry_of(key, 0);
    int fd = entry->fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    file_cache_put(&cache, entry);
    file_entry_release(entry);
    return fd;
}

START_TEST(the_number_of_descriptors_is_bounded)
{
    static const char *const keys[] = { "/0", "/1", "/2", "/3", "/4", "/5" };
    int fds[6];
    put("/small", 1);
    for (size_t i = 0; i < 4; i++)
        fds[i] = put_open(keys[i]);
    ck_assert_ptr_nonnull(find("/0"));             /* asked for: it gets a second chance */
    fds[4] = put_open(keys[4]);
    ck_assert(is_open(fds[0]));
    ck_assert_ptr_null(find("/1"));
    ck_assert_ptr_nonnull(find("/small"));         /* holds none, and does not have to go */
    expect_sound();
    struct file_entry *borrowed = find("/2");
    file_entry_hold(borrowed);
    ck_assert(file_cache_drop_descriptors(&cache));
    ck_assert(!file_cache_drop_descriptors(&cache));
    ck_assert_uint_eq(cache.count, 1);
    ck_assert(is_open(fds[2]));                    /* as long as an answer borrows it */
    ck_assert(!is_open(fds[0]));
    file_entry_release(borrowed);
    ck_assert(!is_open(fds[2]));
    expect_sound();
}
END_TEST

START_TEST(what_does_not_fit_at_all_is_not_taken)
{
    file_cache_init(&cache, 0, 1000, 4);
    put("/a", 1);
    ck_assert_uint_eq(cache.count, 0);
    file_cache_init(&cache, 10, 1000, 0);
    int fd = put_open("/b");
    ck_assert_uint_eq(cache.count, 0);
    ck_assert(!is_open(fd));
    put("/c", 999);
    ck_assert_uint_eq(cache.count, 0);
    put("/c", 998);
    ck_assert_uint_eq(cache.count, 1);
    put("/c", 999);                                /* the older one is not right any more */
    ck_assert_uint_eq(cache.count, 0);
}
END_TEST

START_TEST(there_are_never_more_descriptors_than_the_bound_of_all_caches)
{
    file_cache_init(&cache, 10, 10, UINT32_MAX);
    ck_assert_uint_eq(cache.descriptors_max, FILE_CACHE_DESCRIPTORS_MAX);
}
END_TEST

START_TEST(an_entry_is_believed_for_a_second_after_it_was_checked)
{
    struct file_entry entry = { .checked_ms = 5000 };
    ck_assert(file_entry_is_trusted(&entry, 5000));
    ck_assert(file_entry_is_trusted(&entry, 5999));
    ck_assert(!file_entry_is_trusted(&entry, 6000));
    ck_assert(!file_entry_is_trusted(&entry, UINT64_MAX));
}
END_TEST

START_TEST(any_change_of_a_file_shows)
{
    const struct stat before = { .st_ino = 1, .st_dev = 2, .st_mode = S_IFREG | 0644, .st_size = 3, .st_mtim = { 4, 5 }, .st_ctim = { 6, 7 } };
    struct stat after = before;
    after.st_atim.tv_sec = 100;                    /* reading is no change */
    ck_assert(file_status_same(&before, &after));
    struct stat changed[8];
    for (size_t i = 0; i < 8; i++)
        changed[i] = before;
    changed[0].st_ino++;
    changed[1].st_dev++;
    changed[2].st_mode ^= 0400;
    changed[3].st_size++;
    changed[4].st_mtim.tv_sec++;
    changed[5].st_mtim.tv_nsec++;
    changed[6].st_ctim.tv_sec++;
    changed[7].st_ctim.tv_nsec++;
    for (size_t i = 0; i < 8; i++)
        ck_assert(!file_status_same(&before, &changed[i]));
}
END_TEST

/* Against a model: an array that tells which body each key had last. */
START_TEST(a_long_random_life_keeps_the_cache_sound)
{
    enum { KEYS = 1500 };
    static size_t last[KEYS];                      /* size of the latest body, 0: never put, or dropped */
    struct file_entry *borrowed[16] = { NULL };
    unsigned seed = 1, hits = 0;
    for (unsigned step = 0; step < 200000; step++) {
        char name[32];
        unsigned key = (unsigned)rand_r(&seed) % KEYS;
        snprintf(name, sizeof(name), "/file-%u", key);
        struct file_entry *entry = find(name);
        ck_assert(entry == NULL || entry->body.len == last[key]);
        hits += entry != NULL;
        unsigned choice = (unsigned)rand_r(&seed) % 8;
        struct file_entry **slot = &borrowed[(unsigned)rand_r(&seed) % 16];
        if (entry == NULL || choice == 0) {
            last[key] = 1 + (unsigned)rand_r(&seed) % (step % 2 == 0 ? 100 : FILE_CACHE_BODY_MAX);
            put(name, last[key]);
        } else if (choice == 1) {
            last[key] = 0;
            file_cache_drop(&cache, entry);
        } else if (choice == 2) {
            if (*slot != NULL)
                file_entry_release(*slot);
            file_entry_hold(entry);
            *slot = entry;
        }
        if (step % 1000 == 0)
            expect_sound();
    }
    ck_assert_uint_gt(hits, 20000);
    for (size_t i = 0; i < 16; i++)
        if (borrowed[i] != NULL)
            file_entry_release(borrowed[i]);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("file_cache");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, begin, clear);
    tcase_add_test(tests, an_empty_cache_holds_no_memory);
    tcase_add_test(tests, what_was_put_is_found_by_its_whole_key);
    tcase_add_test(tests, the_key_is_copied);
    tcase_add_test(tests, a_newer_entry_takes_the_place_of_its_key);
    tcase_add_test(tests, a_borrowed_body_outlives_its_place);
    tcase_add_test(tests, the_number_of_entries_is_bounded);
    tcase_add_test(tests, the_sum_of_bytes_is_bounded);
    tcase_add_test(tests, what_is_asked_for_survives_a_sweep_over_many_others);
    tcase_add_test(tests, where_all_are_asked_for_the_oldest_goes);
    tcase_add_test(tests, a_path_has_an_entry_for_each_coding);
    tcase_add_test(tests, the_number_of_descriptors_is_bounded);
    tcase_add_test(tests, what_does_not_fit_at_all_is_not_taken);
    tcase_add_test(tests, there_are_never_more_descriptors_than_the_bound_of_all_caches);
    tcase_add_test(tests, an_entry_is_believed_for_a_second_after_it_was_checked);
    tcase_add_test(tests, any_change_of_a_file_shows);
    tcase_add_test(tests, a_long_random_life_keeps_the_cache_sound);
    return check_run(tests);
}
