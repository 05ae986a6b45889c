/* Dates: what is read and written again means the same second; what is written is read back; and the C library agrees.
 *
 * Input: eight bytes of `now`, then a text; the same eight bytes are also a date to be written. */
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "fuzz/require.h"
#include "parser/http_date.h"

static void require_comes_back(int64_t seconds, int64_t now)
{
    char text[HTTP_DATE_LEN];
    int64_t back = 0;
    require(http_date_write(seconds, text));
    require(http_date_parse((struct slice){ text, sizeof(text) }, now, &back));
    require(back == seconds);

    struct tm tm;
    time_t t = (time_t)seconds;
    char expected[40];
    require(gmtime_r(&t, &tm) != NULL);
    require(strftime(expected, sizeof(expected), "%a, %d %b 0000 %H:%M:%S GMT", &tm) == HTTP_DATE_LEN);
    for (int i = 3, year = tm.tm_year + 1900; i >= 0; i--, year /= 10)
        expected[12 + i] = (char)('0' + year % 10);
    require(memcmp(text, expected, sizeof(text)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t now = 0, seconds = 0;
    if (size < sizeof(now))
        return 0;
    memcpy(&now, data, sizeof(now));
    struct slice text = { (const char *)data + sizeof(now), size - sizeof(now) };
    if (http_date_parse(text, now, &seconds)) {
        require(text.len >= 24 && text.len <= 33);
        require(seconds >= -62135596800 && seconds <= 253402300800);
        if (seconds < 253402300800)
            require_comes_back(seconds, now);
    }
    char out[HTTP_DATE_LEN];
    bool writable = now >= -62135596800 && now <= 253402300799;
    require(http_date_write(now, out) == writable);
    if (writable)
        require_comes_back(now, now);
    return 0;
}
