#include "parser/http_date.h"

#include <string.h>

#include "parser/byte.h"

/* Days are counted from the first of March of the year 0, so that a leap day is the last of its year. */
enum { SECONDS_OF_DAY = 86400, DAYS_OF_400_YEARS = 146097, DAYS_BEFORE_1970 = 719468 };

/* The first and the last second of the years 1 to 9999. */
static const int64_t SECONDS_MIN = -62135596800;
static const int64_t SECONDS_MAX = 253402300799;

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const struct slice weekdays[] = {
    { "Sunday", 6 }, { "Monday", 6 }, { "Tuesday", 7 }, { "Wednesday", 9 }, { "Thursday", 8 }, { "Friday", 6 }, { "Saturday", 8 },
};

/* A date as it is written. */
struct civil {
    int year;                          /* 1 to 9999 */
    int month;                         /* 0 to 11 */
    int day;                           /* 1 to 31 */
    int weekday;                       /* 0: Sunday */
    int hour, minute, second;
};

/* ------------------------------------------------------------------ the calendar */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of_month(int year, int month)
{
    static const uint8_t days[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    return days[month] + (month == 1 && is_leap(year));
}

/* Days from 1970-01-01 to the first of March of `year`, at least 0: years that begin in March have their leap day at the end. */
static int64_t days_to_march(int year)
{
    return (int64_t)year * 365 + year / 4 - year / 100 + year / 400 - DAYS_BEFORE_1970;
}

/* Days between the first of March and the first of a month, 0 being March: 31, 30, 31, 30, 31 days, again and again. */
static int days_from_march(int month)
{
    return (153 * month + 2) / 5;
}

static int64_t days_of(int year, int month, int day)
{
    int march_year = month < 2 ? year - 1 : year;
    return days_to_march(march_year) + days_from_march((month + 10) % 12) + day - 1;
}

static int64_t seconds_of(const struct civil *c)
{
    return days_of(c->year, c->month, c->day) * SECONDS_OF_DAY + c->hour * 3600 + c->minute * 60 + c->second;
}

/* 0 for Sunday; 1970-01-01 was a Thursday, and no date here lies before the year 0. */
static int weekday_of(int64_t days)
{
    return (int)((days + DAYS_BEFORE_1970 + 3) % 7);
}

/* `seconds` from the year 1 on. */
static struct civil civil_of(int64_t seconds)
{
    int64_t since_year_0 = seconds + (int64_t)DAYS_BEFORE_1970 * SECONDS_OF_DAY;
    int64_t days = since_year_0 / SECONDS_OF_DAY;
    int rest = (int)(since_year_0 % SECONDS_OF_DAY);
    int64_t cycle = days % DAYS_OF_400_YEARS;
    int64_t year_of_cycle = (cycle - cycle / 1460 + cycle / 36524 - cycle / 146096) / 365;
    int march_year = (int)(days / DAYS_OF_400_YEARS * 400 + year_of_cycle);
    int day_of_year = (int)(days - DAYS_BEFORE_1970 - days_to_march(march_year));
    int march_month = (5 * day_of_year + 2) / 153;
    int month = (march_month + 2) % 12;
    return (struct civil){
        .year = march_year + (month < 2),
        .month = month,
        .day = day_of_year - days_from_march(march_month) + 1,
        .weekday = weekday_of(days - DAYS_BEFORE_1970),
        .hour = rest / 3600, .minute = rest / 60 % 60, .second = rest % 60,
    };
}

/* ------------------------------------------------------------------ reading */

/* w: a short day of the week; W: a long one; d: day, two digits; e: day, padded with a space; M: month; Y, y: year of four digits, of two;
 * t: time; G: "GMT". Anything else stands for itself. */
static const struct {
    const char *parts;
    bool short_year;
} forms[] = { { "w, d M Y t G", false }, { "W, d-M-y t G", true }, { "w M e t Y", false } };

static bool take(struct slice *rest, struct slice expected)
{
    if (!slice_starts_with(*rest, expected))
        return false;
    *rest = slice_from(*rest, expected.len);
    return true;
}

static bool take_number(struct slice *rest, size_t len, int *number)
{
    unsigned long long value = 0;
    if (!slice_to_number((struct slice){ rest->ptr, rest->len < len ? rest->len : len }, &value))
        return false;
    bool whole = rest->len >= len;
    *rest = slice_from(*rest, len);
    *number = (int)value;
    return whole;
}

static bool take_weekday(struct slice *rest, bool is_short, int *weekday)
{
    for (int i = 0; i < 7; i++)
        if (take(rest, (struct slice){ weekdays[i].ptr, is_short ? 3 : weekdays[i].len })) {
            *weekday = i;
            return true;
        }
    return false;
}

static bool take_month(struct slice *rest, int *month)
{
    for (int i = 0; i < 12; i++)
        if (take(rest, (struct slice){ months + 3 * i, 3 })) {
            *month = i;
            return true;
        }
    return false;
}

static bool take_time(struct slice *rest, struct civil *c)
{
    return take_number(rest, 2, &c->hour) && take(rest, SLICE(":")) && take_number(rest, 2, &c->minute) && take(rest, SLICE(":"))
        && take_number(rest, 2, &c->second);
}

/* The last year with these two digits in which the date is not more than 50 years after `now`; a clock before 1970 is wrong. */
static void resolve_year(struct civil *c, int64_t now)
{
    if (now < 0 || now > SECONDS_MAX)
        now = now < 0 ? 0 : SECONDS_MAX;
    struct civil earlier = *c;
    c->year += civil_of(now).year / 100 * 100 + 100;
    for (earlier.year = c->year - 50; c->year > 9999 || seconds_of(&earlier) > now; earlier.year -= 100)
        c->year -= 100;
}

static bool take_part(struct slice *rest, char part, struct civil *c)
{
    switch (part) {
    case 'w': return take_weekday(rest, true, &c->weekday);
    case 'W': return take_weekday(rest, false, &c->weekday);
    case 'd': return take_number(rest, 2, &c->day);
    case 'e': return take(rest, SLICE(" ")) ? take_number(rest, 1, &c->day) : take_number(rest, 2, &c->day);
    case 'M': return take_month(rest, &c->month);
    case 't': return take_time(rest, c);
    case 'y': return take_number(rest, 2, &c->year);
    case 'Y': return take_number(rest, 4, &c->year);
    case 'G': return take(rest, SLICE("GMT"));
    default: return take(rest, (struct slice){ &part, 1 });
    }
}

static bool take_form(struct slice text, const char *parts, struct civil *c)
{
    for (; *parts != 0; parts++)
        if (!take_part(&text, *parts, c))
            return false;
    return text.len == 0;
}

/* 60 is a leap second, and counts as the one behind it. */
static bool is_valid(const struct civil *c)
{
    return c->year >= 1 && c->day >= 1 && c->day <= days_of_month(c->year, c->month)
        && c->weekday == weekday_of(days_of(c->year, c->month, c->day))
        && c->hour <= 23 && c->minute <= 59 && c->second <= 60;
}

bool http_date_parse(struct slice text, int64_t now, int64_t *seconds)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct civil c = { 0 };
        if (!take_form(text, forms[i].parts, &c))
            continue;
        if (forms[i].short_year)
            resolve_year(&c, now);
        if (!is_valid(&c))
            return false;
        *seconds = seconds_of(&c);
        return true;
    }
    return false;
}

/* ------------------------------------------------------------------ writing */

static char *put_number(char *to, int number, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        to[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return to + digits;
}

static char *put(char *to, const char *bytes, size_t len)
{
    memcpy(to, bytes, len);
    return to + len;
}

bool http_date_write(int64_t seconds, char out[HTTP_DATE_LEN])
{
    if (seconds < SECONDS_MIN || seconds > SECONDS_MAX)
        return false;
    struct civil c = civil_of(seconds);
    char *to = put(out, weekdays[c.weekday].ptr, 3);
    to = put(to, ", ", 2);
    to = put_number(to, c.day, 2);
    to = put(to, " ", 1);
    to = put(to, months + 3 * c.month, 3);
    to = put(to, " ", 1);
    to = put_number(to, c.year, 4);
    to = put(to, " ", 1);
    to = put_number(to, c.hour, 2);
    to = put(to, ":", 1);
    to = put_number(to, c.minute, 2);
    to = put(to, ":", 1);
    to = put_number(to, c.second, 2);
    put(to, " GMT", 4);
    return true;
}
