/* eo_index: every entry is found again, also among others of the same hash, and none that was not added. */
#include "base/index.h"

#include <stdint.h>

#include "tests/unit/check.h"

#define ENTRIES 5000

/* How often a walk gives `number`; *all counts what it gives at all. */
static size_t count_of(const struct eo_index *index, uint64_t hash, size_t number, size_t *all)
{
    struct eo_index_walk walk = eo_index_find(index, hash);
    size_t found, n = 0;

    *all = 0;
    while (eo_index_next(index, &walk, &found)) {
        ++*all;
        n += found == number;
    }
    return n;
}

static void test_empty(void)
{
    struct eo_index index = {0};
    size_t all;

    check_that(count_of(&index, 0, 0, &all) == 0 && all == 0, "line %d", __LINE__);
    eo_index_release(&index);
    eo_index_release(&index);
}

/* 2^shift entries share each hash. */
static void test_entries(int shift)
{
    struct eo_index index = {0};
    struct eo_err err;
    size_t all, wrong = 0;

    for (size_t i = 0; i < ENTRIES; i++)
        wrong += eo_index_add(&index, (uint64_t)(i >> shift), i, &err) != 0;
    check_that(wrong == 0 && index.count == ENTRIES, "line %d", __LINE__);
    check_that(index.capacity >= 2 * index.count && (index.capacity & (index.capacity - 1)) == 0, "line %d",
               __LINE__);
    for (size_t i = 0; i < ENTRIES; i++) {
        size_t last = (i >> shift << shift) + ((size_t)1 << shift);

        wrong += count_of(&index, (uint64_t)(i >> shift), i, &all) != 1;
        wrong += all != (last < ENTRIES ? last : ENTRIES) - (i >> shift << shift);
    }
    check_that(wrong == 0, "line %d", __LINE__);
    check_that(count_of(&index, UINT64_MAX, 0, &all) == 0 && all == 0, "line %d", __LINE__);
    eo_index_release(&index);
    check_that(index.capacity == 0 && index.count == 0, "line %d", __LINE__);
}

/* Hashes that begin at the last slot go on at the first. */
static void test_wrap(void)
{
    struct eo_index index = {0};
    struct eo_err err;
    size_t all;

    for (size_t i = 0; i < 20; i++)
        check_that(eo_index_add(&index, 63, i, &err) == 0, "line %d", __LINE__);
    check_that(index.capacity == 64, "line %d", __LINE__);
    for (size_t i = 0; i < 20; i++)
        check_that(count_of(&index, 63, i, &all) == 1 && all == 20, "line %d", __LINE__);
    check_that(count_of(&index, 0, 0, &all) == 0 && all == 0, "line %d", __LINE__);
    eo_index_release(&index);
}

static void test_hash(void)
{
    const char text[] = "abc";

    check_that(eo_index_hash(text, 3, 0) == eo_index_hash("abc", 3, 0), "line %d", __LINE__);
    check_that(eo_index_hash(text, 3, 0) != eo_index_hash(text, 2, 0), "line %d", __LINE__);
    check_that(eo_index_hash(text, 3, 0) != eo_index_hash(text, 3, 1), "line %d", __LINE__);
}

int main(void)
{
    test_empty();
    test_entries(0);
    test_entries(4);
    test_wrap();
    test_hash();
    return check_report("test_index");
}
