#include "parser/byte.h"

#include <string.h>

#include "tests/check_support.h"

/* Each class once more, as the RFCs spell it. */
static const char digits[] = "0123456789";
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool is_in(int byte, const char *set)
{
    return byte != 0 && strchr(set, byte) != NULL;
}

static unsigned expected_classes(int byte)
{
    bool alphanumeric = is_in(byte, digits) || is_in(byte, letters);
    bool reg_name = alphanumeric || is_in(byte, "-._~!$&'()*+,;=");
    bool pchar = reg_name || is_in(byte, ":@");
    bool visible = byte > 32 && byte < 127;
    unsigned classes = 0;
    classes |= alphanumeric || is_in(byte, "!#$%&'*+-.^_`|~") ? BYTE_TOKEN : 0;
    classes |= visible || byte == 9 || byte == 32 || byte >= 128 ? BYTE_VALUE : 0;
    classes |= pchar || is_in(byte, "/?%[]") ? BYTE_TARGET : 0;
    classes |= pchar ? BYTE_PCHAR : 0;
    classes |= reg_name ? BYTE_REG_NAME : 0;
    classes |= is_in(byte, digits) ? BYTE_DIGIT : 0;
    classes |= is_in(byte, digits) || is_in(byte, "abcdefABCDEF") ? BYTE_HEX : 0;
    classes |= (visible && !is_in(byte, "\"\\")) || byte == 9 || byte == 32 || byte >= 128 ? BYTE_QUOTED : 0;
    return classes;
}

START_TEST(every_byte_is_in_the_classes_that_the_rfcs_give_it)
{
    for (int byte = 0; byte < 256; byte++)
        for (unsigned bit = 1; bit < 256; bit <<= 1)
            ck_assert_msg(byte_is((char)byte, bit) == ((expected_classes(byte) & bit) != 0), "byte %d, class %u", byte, bit);
}
END_TEST

START_TEST(only_ascii_letters_have_a_lower_case)
{
    for (int byte = 0; byte < 256; byte++)
        ck_assert_int_eq((unsigned char)byte_lower((char)byte), byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
}
END_TEST

START_TEST(hexadecimal_digits_have_their_values)
{
    for (unsigned i = 0; i < 16; i++) {
        ck_assert_uint_eq(byte_hex_value("0123456789abcdef"[i]), i);
        ck_assert_uint_eq(byte_hex_value("0123456789ABCDEF"[i]), i);
    }
}
END_TEST

START_TEST(a_run_ends_at_the_first_byte_that_is_of_no_class_asked_for)
{
    static const unsigned asked[] = { BYTE_VALUE, BYTE_TOKEN, BYTE_PCHAR, BYTE_VALUE | BYTE_TOKEN };
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        for (size_t at = 0; at < 20; at++)
            for (int byte = 0; byte < 256; byte++) {
                char text[20];
                memset(text, 'a', sizeof(text));
                text[at] = (char)byte;
                struct slice placed = flush_copy((struct slice){ text, sizeof(text) });
                size_t expected = byte_is((char)byte, asked[i]) ? sizeof(text) : at;
                ck_assert_uint_eq(byte_run(placed.ptr, placed.ptr + placed.len, asked[i]), expected);
                ck_assert_uint_eq(byte_run(placed.ptr, placed.ptr + at, asked[i]), at);
            }
}
END_TEST

/* Each of two bytes in any place of a text: borrowing from a neighbour within a word must not hide or make one that ends a value. */
START_TEST(a_value_ends_at_the_first_byte_that_is_none_of_it)
{
    for (int first = 0; first < 256; first++)
        for (int second = 0; second < 256; second++)
            for (size_t at = 0; at < 16; at += 3) {
                char text[20];
                memset(text, 'a', sizeof(text));
                text[at] = (char)first;
                text[at + 1] = (char)second;
                text[19] = '\n';
                struct slice placed = flush_copy((struct slice){ text, sizeof(text) });
                size_t end = byte_is((char)first, BYTE_VALUE) ? byte_is((char)second, BYTE_VALUE) ? 19 : at + 1 : at;
                ck_assert_ptr_eq(byte_behind_value(placed.ptr, placed.ptr + placed.len), placed.ptr + end);
                ck_assert_ptr_eq(byte_behind(placed.ptr, BYTE_VALUE), placed.ptr + end);
            }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("byte");
    tcase_add_test(tests, every_byte_is_in_the_classes_that_the_rfcs_give_it);
    tcase_add_test(tests, only_ascii_letters_have_a_lower_case);
    tcase_add_test(tests, hexadecimal_digits_have_their_values);
    tcase_add_test(tests, a_run_ends_at_the_first_byte_that_is_of_no_class_asked_for);
    tcase_add_test(tests, a_value_ends_at_the_first_byte_that_is_none_of_it);
    return check_run(tests);
}
