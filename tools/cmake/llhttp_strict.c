/* Ends with 0 where the llhttp that it is linked with refuses a space in a field name, as strict mode does. */
#include <llhttp.h>
#include <string.h>

int main(void)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: weir\r\na b: c\r\n\r\n";
    llhttp_settings_t settings;
    llhttp_t parser;
    llhttp_settings_init(&settings);
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    return llhttp_execute(&parser, request, strlen(request)) == HPE_OK;
}
