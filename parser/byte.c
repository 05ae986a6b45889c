#include "parser/byte.h"

/* Each class is one expression; the compiler computes the table from them. */
#define IS_DIGIT(b) ((b) >= '0' && (b) <= '9')
#define IS_LETTER(b) (((b) >= 'a' && (b) <= 'z') || ((b) >= 'A' && (b) <= 'Z'))
#define IS_HEX(b) (IS_DIGIT(b) || ((b) >= 'a' && (b) <= 'f') || ((b) >= 'A' && (b) <= 'F'))
#define IS_TOKEN(b) \
    (IS_DIGIT(b) || IS_LETTER(b) || (b) == '!' || ((b) >= '#' && (b) <= '\'') || (b) == '*' || (b) == '+' || (b) == '-' \
     || (b) == '.' || ((b) >= '^' && (b) <= '`') || (b) == '|' || (b) == '~')
#define IS_VALUE(b) ((b) == '\t' || ((b) >= ' ' && (b) != 0x7f))
#define IS_UNRESERVED(b) (IS_DIGIT(b) || IS_LETTER(b) || (b) == '-' || (b) == '.' || (b) == '_' || (b) == '~')
#define IS_SUB_DELIM(b) ((b) == '!' || (b) == '$' || ((b) >= '&' && (b) <= ',') || (b) == ';' || (b) == '=')
#define IS_REG_NAME(b) (IS_UNRESERVED(b) || IS_SUB_DELIM(b))
#define IS_PCHAR(b) (IS_REG_NAME(b) || (b) == ':' || (b) == '@')
#define IS_TARGET(b) (IS_PCHAR(b) || (b) == '/' || (b) == '?' || (b) == '%' || (b) == '[' || (b) == ']')
#define IS_QUOTED(b) (IS_VALUE(b) && (b) != '"' && (b) != '\\')

#define BYTE(b) \
    (uint8_t)((IS_TOKEN(b) ? BYTE_TOKEN : 0) | (IS_VALUE(b) ? BYTE_VALUE : 0) | (IS_TARGET(b) ? BYTE_TARGET : 0) \
              | (IS_PCHAR(b) ? BYTE_PCHAR : 0) | (IS_REG_NAME(b) ? BYTE_REG_NAME : 0) | (IS_DIGIT(b) ? BYTE_DIGIT : 0) \
              | (IS_HEX(b) ? BYTE_HEX : 0) | (IS_QUOTED(b) ? BYTE_QUOTED : 0))
#define BYTES_4(b) BYTE(b), BYTE((b) + 1), BYTE((b) + 2), BYTE((b) + 3)
#define BYTES_16(b) BYTES_4(b), BYTES_4((b) + 4), BYTES_4((b) + 8), BYTES_4((b) + 12)
#define BYTES_64(b) BYTES_16(b), BYTES_16((b) + 16), BYTES_16((b) + 32), BYTES_16((b) + 48)

const uint8_t byte_classes[256] = { BYTES_64(0), BYTES_64(64), BYTES_64(128), BYTES_64(192) };
