/* Negotiation: neither the order of members, nor their spread over lines, nor their case, nor saying them twice changes the choice; what is chosen is
 * at least as good as all else; and a field composed of known weights means these weights.
 *
 * Input: a byte that says what is available, then the value of a field; its bytes are also what the composed field is made of. */
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "parser/accept.h"
#include "parser/byte.h"

enum { VALUE_MAX = 4096, MEMBERS_MAX = 512 };

static const struct slice types[] = { SLICE_INIT("text/html"), SLICE_INIT("application/json"), SLICE_INIT("text/plain") };

enum { TYPES = sizeof(types) / sizeof(types[0]) };

struct answers {
    struct accept_encoding encoding;
    struct accept accept;
};

static void answers_init(struct answers *a)
{
    accept_encoding_init(&a->encoding);
    accept_init(&a->accept, types, TYPES);
}

static void answers_add(struct answers *a, struct slice line)
{
    accept_encoding_add(&a->encoding, line);
    accept_add(&a->accept, line);
}

static void require_same_encoding(const struct answers *a, const struct answers *b)
{
    require(memcmp(a->encoding.weights, b->encoding.weights, sizeof(a->encoding.weights)) == 0);
    require(a->encoding.others == b->encoding.others);
}

static void require_same(const struct answers *a, const struct answers *b)
{
    require_same_encoding(a, b);
    require(memcmp(a->accept.weights, b->accept.weights, sizeof(a->accept.weights)) == 0);
    require(memcmp(a->accept.precision, b->accept.precision, sizeof(a->accept.precision)) == 0);
    require(accept_choose(&a->accept) == accept_choose(&b->accept));
}

/* ---- any value */

static size_t split(struct slice value, struct slice *members)
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= value.len && count < MEMBERS_MAX; i++)
        if (i == value.len || value.ptr[i] == ',') {
            members[count++] = (struct slice){ value.ptr + start, i - start };
            start = i + 1;
        }
    return count;
}

/* Each member as a line, forwards and backwards. A comma may lie in a quoted string, which only Accept knows. */
static void require_lines_and_order_do_not_matter(struct slice value, const struct answers *whole)
{
    struct slice members[MEMBERS_MAX];
    struct answers forwards, backwards;
    size_t count = split(value, members);
    if (count == MEMBERS_MAX)
        return;
    answers_init(&forwards);
    answers_init(&backwards);
    for (size_t i = 0; i < count; i++) {
        answers_add(&forwards, members[i]);
        answers_add(&backwards, members[count - 1 - i]);
    }
    require_same(&forwards, &backwards);
    if (memchr(value.ptr, '"', value.len) == NULL)
        require_same(&forwards, whole);
    else
        require_same_encoding(&forwards, whole);
}

static void require_case_and_repetition_do_not_matter(struct slice value, const struct answers *whole)
{
    char text[VALUE_MAX];
    struct answers lower, twice = *whole;
    for (size_t i = 0; i < value.len; i++)
        text[i] = byte_lower(value.ptr[i]);
    answers_init(&lower);
    answers_add(&lower, (struct slice){ text, value.len });
    require_same(&lower, whole);
    answers_add(&twice, value);
    require_same(&twice, whole);
}

static int weight_of(const struct accept_encoding *a, unsigned coding)
{
    return a->weights[coding] == -1 && coding != CODING_IDENTITY ? a->others : a->weights[coding];
}

static void require_best(const struct answers *a, unsigned available)
{
    enum coding coding = accept_encoding_choose(&a->encoding, available);
    require(coding == CODING_IDENTITY || ((available & CODING_BIT(coding)) != 0 && weight_of(&a->encoding, coding) > 0));
    for (unsigned i = 0; i < CODING_COUNT; i++) {
        int weight = weight_of(&a->encoding, i);
        require(weight >= -1 && weight <= 1000);
        if (weight > 0 && (available & CODING_BIT(i)) != 0)
            require(weight < weight_of(&a->encoding, coding) || (weight == weight_of(&a->encoding, coding) && (unsigned)coding <= i));
    }
    size_t type = accept_choose(&a->accept);
    require(type < TYPES);
    for (size_t i = 0; i < TYPES; i++) {
        require(a->accept.weights[i] >= -1 && a->accept.weights[i] <= 1000);
        require((a->accept.weights[i] == -1) == (a->accept.precision[i] == 0) && a->accept.precision[i] <= 3);
        require(a->accept.weights[i] <= 0 || a->accept.weights[i] <= a->accept.weights[type]);
    }
}

/* ---- a value composed of known weights */

/* What a member may name, whose weight it is (a coding, or all others), and how precisely each type is meant. */
static const struct known {
    const char *name;
    int coding;
    uint8_t precision[TYPES];
} knowns[] = {
    { "br", CODING_BR, { 0 } },             { "zstd", CODING_ZSTD, { 0 } },         { "gzip", CODING_GZIP, { 0 } },
    { "x-gzip", CODING_GZIP, { 0 } },       { "identity", CODING_IDENTITY, { 0 } }, { "*", CODING_COUNT, { 0 } },
    { "deflate", -1, { 0 } },               { "text/html", -1, { 3, 0, 0 } },       { "application/json", -1, { 0, 3, 0 } },
    { "text/plain", -1, { 0, 0, 3 } },      { "text/*", -1, { 2, 0, 2 } },          { "application/*", -1, { 0, 2, 0 } },
    { "*/*", -1, { 1, 1, 1 } },             { "image/png", -1, { 0 } },
};

enum { KNOWNS = sizeof(knowns) / sizeof(knowns[0]) };

static const char *const ends[] = { ",", " , ", ",,", "\t,\t ,", ", br;q=2,", ", */*;q=0.5;q=1,", ", text/html;level=1," };

/* A later member gives way to an earlier one of the same precision and a greater weight. */
static void model_add(struct answers *model, const struct known *known, int16_t weight)
{
    if (known->coding >= 0) {
        int16_t *kept = known->coding == CODING_COUNT ? &model->encoding.others : &model->encoding.weights[known->coding];
        *kept = weight > *kept ? weight : *kept;
    }
    for (size_t i = 0; i < TYPES; i++) {
        int now = model->accept.precision[i] * 2000 + model->accept.weights[i], then = known->precision[i] * 2000 + weight;
        if (known->precision[i] > 0 && then > now) {
            model->accept.precision[i] = known->precision[i];
            model->accept.weights[i] = weight;
        }
    }
}

static void require_means_what_was_composed(struct slice bytes)
{
    char text[VALUE_MAX];
    size_t len = 0;
    struct answers model, read;
    answers_init(&model);
    answers_init(&read);
    for (size_t i = 0; i + 3 < bytes.len && len < sizeof(text) - 100; i += 4) {
        const unsigned char *b = (const unsigned char *)bytes.ptr + i;
        int16_t weight = (int16_t)((b[1] * 256 + b[2]) % 1001);
        bool weighed = weight < 1000 || b[3] % 2 != 0;
        const struct known *known = &knowns[b[0] % KNOWNS];
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", known->name);
        if (weighed)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%sq=%d.%03d", (b[3] & 2) != 0 ? ";" : " ;\t", weight / 1000, weight % 1000);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", ends[b[3] / 4 % (sizeof(ends) / sizeof(ends[0]))]);
        model_add(&model, known, weight);
    }
    answers_add(&read, (struct slice){ text, len });
    require_same(&model, &read);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > VALUE_MAX)
        return 0;
    struct slice value = { (const char *)data + 1, size - 1 };
    struct answers answers;
    answers_init(&answers);
    answers_add(&answers, value);
    require_best(&answers, data[0]);
    require_lines_and_order_do_not_matter(value, &answers);
    require_case_and_repetition_do_not_matter(value, &answers);
    require_means_what_was_composed(value);
    return 0;
}
