/* The command line: the first byte says whether there is a terminal, the words follow, each ended by a newline or the end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"

enum { WORDS_MAX = 40 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void check_wrong(const char *error)
{
    const size_t len = strnlen(error, CLI_ERROR_SIZE);
    must(len > 0 && len < CLI_ERROR_SIZE);
    for (size_t i = 0; i < len; i++)
        must((unsigned char)error[i] >= 0x20 && error[i] != 0x7f);
}

/* What weir.h promises of the ranges, and what the parser promises of the rest. */
static void check_right(const struct cli_options *options)
{
    const struct weir_options *const weir = &options->weir;
    const uint32_t days = 24u * 86400000;
    const bool is_echo = options->command == CLI_ECHO || options->command == CLI_ECHO_HTTP;
    must(options->command == CLI_SERVE || options->command == CLI_HELLO || options->command == CLI_RESPOND || is_echo);
    must(weir->listen_count <= CLI_LISTEN_MAX && (weir->listen_count == 0 || weir->listen == options->listen));
    must(weir->workers <= 256 && weir->fields_max >= 1 && weir->fields_max <= 200);
    must(weir->line_max <= weir->head_max && weir->head_max <= 65535);
    must(weir->body_max <= INT64_MAX || (is_echo && weir->body_max == UINT64_MAX));
    must(weir->head_timeout >= 1 && weir->head_timeout <= days && weir->body_timeout >= 1 && weir->body_timeout <= days);
    must(weir->send_timeout >= 1 && weir->send_timeout <= days && weir->idle_timeout <= days);
    must(weir->linger_timeout >= 1 && weir->linger_timeout <= days && weir->drain_timeout <= days);
}

/* No field can break the head of an answer, and no command has those of another. */
static void check_fields(const struct cli_options *options)
{
    char lines[CLI_FIELDS_SIZE + 1024];
    const struct weir_options *const weir = &options->weir;
    must(weir->pages == NULL && weir->field_count <= CLI_OWN_FIELDS_MAX + CLI_AGAIN_MAX && options->answer_field_count <= CLI_AGAIN_MAX);
    must(weir->field_count == 0 || weir_lines_write(weir->fields, weir->field_count, lines, sizeof(lines)) > 0);
    must(options->answer_field_count == 0 ||
         weir_lines_write(options->answer_fields, options->answer_field_count, lines, sizeof(lines)) > 0);
    must(weir->field_count == 0 || options->command == CLI_SERVE || options->command == CLI_RESPOND);
    must(options->answer_field_count == 0 || options->command == CLI_RESPOND);
}

static void check_files(const struct cli_options *options)
{
    const struct static_options *const files = &options->files;
    must(files->dir != NULL && files->dir[0] != '\0');
    must(files->index_count <= CLI_AGAIN_MAX && files->type_count <= CLI_AGAIN_MAX && files->cache_rule_count <= CLI_AGAIN_MAX);
    for (size_t i = 0; i < files->index_count; i++)
        must(files->indexes[i][0] != '\0' && strchr(files->indexes[i], '/') == NULL);
    for (size_t i = 0; i < files->type_count; i++)
        must(files->types[i].ending[0] != '\0' && strchr(files->types[i].type, '/') != NULL);
    for (size_t i = 0; i < files->cache_rule_count; i++)
        must(files->cache_rules[i].glob != NULL && files->cache_rules[i].value[0] != '\0');
    must(files->fallback == NULL || (files->fallback[0] != '/' && files->fallback[0] != '\0'));
    for (size_t i = 0; i < options->page_count; i++)
        must(options->pages[i].status >= 400 && options->pages[i].status <= 599 && options->pages[i].file[0] != '\0');
}

static void check_respond(const struct cli_options *options)
{
    if (options->command == CLI_RESPOND)
        must(options->status >= 200 && options->status <= 599);
    else
        must(options->status == 0 && options->text == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    char *const text = malloc(size);
    must(text != NULL);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';

    char program[] = "weir";
    char *words[WORDS_MAX + 1] = { program };
    int count = 1;
    for (char *at = text; at != NULL && at < text + size - 1 && count < WORDS_MAX; count++) {
        words[count] = at;
        at = memchr(at, '\n', (size_t)(text + size - 1 - at));
        if (at != NULL)
            *at++ = '\0';
    }

    struct cli_options options;
    char error[CLI_ERROR_SIZE];
    switch (options_parse(&options, count, words, (data[0] & 1) != 0, error)) {
    case CLI_WRONG: check_wrong(error); break;
    case CLI_RUN:
        check_right(&options);
        check_fields(&options);
        check_files(&options);
        check_respond(&options);
        break;
    case CLI_HELP:
    case CLI_VERSION: must(options.command <= CLI_ECHO_HTTP); break;
    }
    free(text);
    return 0;
}
