#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handler/roster.h"
#include "http/natural.h"
#include "tests/check_support.h"

#define ENTRIES 5000u

static char names[ENTRIES][24];
static struct roster_entry entries[ENTRIES];
static unsigned shown[ENTRIES];        /* how often each was */

/* Names that are distinct, in no order, with ranks that are not. */
static void make_entries(void)
{
    uint32_t chance = 12345;
    for (unsigned i = 0; i < ENTRIES; i++) {
        chance = chance * 1664525 + 1013904223;
        int len = snprintf(names[i], sizeof(names[i]), "%c%u-%u", 'a' + (int)(chance >> 24) % 26, chance >> 8 & 0xfff, i);
        entries[i] = (struct roster_entry){ { names[i], (size_t)len }, chance >> 16 & 0x3f, (chance >> 12 & 7) == 0 };
    }
    memset(shown, 0, sizeof(shown));
}

/* What the order has to be, said in another way: the earliest difference decides. */
static bool stands_before(const struct roster_entry *a, const struct roster_entry *b, bool by_rank, bool descending)
{
    if (a->is_folder != b->is_folder)
        return a->is_folder;
    if (by_rank && a->rank != b->rank)
        return descending ? a->rank > b->rank : a->rank < b->rank;
    int order = natural_compare(a->name, b->name);
    return descending && !by_rank ? order > 0 : order < 0;
}

/* Shows all in as many passes as it takes, and returns how many these were. */
static unsigned show_all(struct roster *r, bool by_rank, bool descending)
{
    unsigned passes = 0, count = 0;
    struct roster_entry before = { { NULL, 0 }, 0, false };
    char kept[24];
    do {
        roster_begin(r);
        for (unsigned i = 0; i < ENTRIES; i++) {
            struct roster_entry entry = entries[i];
            entry.rank = by_rank ? entry.rank : 0;
            ck_assert_int_eq(roster_offer(r, &entry), 0);
        }
        roster_end(r);
        passes++;
        ck_assert(r->count > 0);
        ck_assert_uint_le(r->size, r->size_max);
        for (uint32_t i = 0; i < r->count; i++, count++) {
            struct roster_entry entry = roster_at(r, i);
            ck_assert(count == 0 || stands_before(&before, &entry, by_rank, descending));
            ck_assert_uint_lt(entry.name.len, sizeof(kept));
            memcpy(kept, entry.name.ptr, entry.name.len);
            kept[entry.name.len] = '\0';
            shown[strtoul(strchr(kept, '-') + 1, NULL, 10)]++;
            before = entry;
            before.name.ptr = kept;
        }
    } while (r->has_dropped);
    for (unsigned i = 0; i < ENTRIES; i++)
        ck_assert_uint_eq(shown[i], 1);
    return passes;
}

START_TEST(each_entry_is_shown_once_and_in_order_however_little_room_there_is)
{
    static const uint32_t sizes[] = { ROSTER_SIZE_MIN, 16384, ROSTER_SIZE_MAX };
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (int way = 0; way < 4; way++) {
            struct roster r;
            make_entries();
            roster_init(&r, way & 1, way & 2, sizes[i]);
            unsigned passes = show_all(&r, way & 1, way & 2);
            ck_assert(sizes[i] == ROSTER_SIZE_MAX ? passes == 1 : passes > 5);
            roster_free(&r);
        }
    }
}
END_TEST

START_TEST(a_roster_takes_no_more_memory_than_its_entries_need)
{
    struct roster r;
    struct roster_entry entry = { SLICE("x"), 0, false };
    roster_init(&r, false, false, ROSTER_SIZE_MAX);
    roster_begin(&r);
    ck_assert_uint_eq(r.size, 0);
    ck_assert_int_eq(roster_offer(&r, &entry), 0);
    ck_assert_uint_eq(r.size, ROSTER_SIZE_MIN);
    roster_free(&r);
    ck_assert_uint_eq(r.size, 0);
}
END_TEST

START_TEST(the_longest_names_find_room)
{
    struct roster r;
    char name[LISTING_NAME_MAX];
    unsigned count = 0;
    roster_init(&r, true, false, ROSTER_SIZE_MIN);
    do {
        roster_begin(&r);
        for (unsigned i = 0; i < 200; i++) {
            memset(name, 'a' + (int)(i * 7 % 26), sizeof(name));
            name[0] = (char)(1 + i % 100);
            name[1] = (char)(1 + i / 100);
            struct roster_entry entry = { { name, sizeof(name) }, UINT64_MAX - i % 3, false };
            ck_assert_int_eq(roster_offer(&r, &entry), 0);
        }
        roster_end(&r);
        count += r.count;
    } while (r.has_dropped);
    ck_assert_uint_eq(count, 200);
    roster_free(&r);
}
END_TEST

/* Entries that come while it is shown, always behind the last: each pass ends, and the number of passes is bounded by what there is. */
START_TEST(what_stands_before_the_last_one_shown_is_not_shown_again)
{
    struct roster r;
    struct roster_entry later = { SLICE("m"), 0, false }, earlier = { SLICE("a"), 0, false }, folder = { SLICE("z"), 0, true };
    roster_init(&r, false, false, ROSTER_SIZE_MIN);
    roster_begin(&r);
    ck_assert_int_eq(roster_offer(&r, &later), 0);
    roster_end(&r);
    ck_assert_uint_eq(r.count, 1);
    roster_begin(&r);
    ck_assert_int_eq(roster_offer(&r, &earlier), 0);
    ck_assert_int_eq(roster_offer(&r, &later), 0);
    ck_assert_int_eq(roster_offer(&r, &folder), 0);
    roster_end(&r);
    ck_assert_uint_eq(r.count, 0);
    ck_assert(!r.has_dropped);
    roster_free(&r);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("roster");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, each_entry_is_shown_once_and_in_order_however_little_room_there_is);
    tcase_add_test(tests, a_roster_takes_no_more_memory_than_its_entries_need);
    tcase_add_test(tests, the_longest_names_find_room);
    tcase_add_test(tests, what_stands_before_the_last_one_shown_is_not_shown_again);
    return check_run(tests);
}
