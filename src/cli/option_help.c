/* The help: the tables of option_table.c, laid out for 80 columns. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/option_values.h"

enum {
    HELP_INDENT = 26,          /* where the right column begins */
    HELP_WIDTH = 80
};

/* Text that is being written into a bound piece of memory, its whole length counted. */
struct text {
    char *out;
    size_t size;
    size_t len;
};

__attribute__((format(printf, 2, 3)))
static void text_add(struct text *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const bool room = t->len < t->size;
    const int len = vsnprintf(room ? t->out + t->len : NULL, room ? t->size - t->len : 0, format, arguments);
    va_end(arguments);
    t->len += (size_t)len;
}

/* What a number is for `command` where nothing is said. */
static uint64_t default_of(const struct option *option, enum cli_command command)
{
    struct cli_options defaults;
    command_start(&defaults, command);
    const char *const where = (const char *)&defaults + option->where;
    if (option->kind == VALUE_BYTES_WIDE) {
        uint64_t wide;
        memcpy(&wide, where, sizeof(wide));
        return wide;
    }
    if (option->kind == VALUE_BYTES_SIZE) {
        size_t size;
        memcpy(&size, where, sizeof(size));
        return size;
    }
    uint32_t narrow;
    memcpy(&narrow, where, sizeof(narrow));
    return narrow;
}

/* The default of an option, as the user would write it; in the help of all, that of echo, too, where it is another one. */
static void default_show(const struct option *option, enum cli_command command, struct text *t)
{
    char number[NUMBER_SHOWN_MAX];
    const struct number_kind *const kind = option_number_kind(option->kind);
    if (option->fallback != NULL) {
        text_add(t, "%s", option->fallback);
        return;
    }
    const uint64_t value = default_of(option, command), echo = default_of(option, CLI_ECHO_HTTP);
    number_show(kind, value, number);
    text_add(t, "%s", value == UINT64_MAX ? "no limit" : number);
    if (command != CLI_ANY || value == echo)
        return;
    number_show(kind, echo, number);
    text_add(t, "; echo: %s", echo == UINT64_MAX ? "no limit" : number);
}

/* One option: its name at the left, on a line of its own where it is long; at the right the lines of its help and its default in brackets. */
static void help_option(struct text *t, const struct option *option, enum cli_command command)
{
    char shown[64];
    default_show(option, command, &(struct text){ shown, sizeof(shown), 0 });
    const size_t begin = t->len;
    text_add(t, "  %s%s%s", option->name, option->value == NULL ? "" : " ", option->value == NULL ? "" : option->value);
    size_t column = t->len - begin;
    if (column >= HELP_INDENT) {
        text_add(t, "\n");
        column = 0;
    }
    text_add(t, "%*s", (int)(HELP_INDENT - column), "");
    for (const char *line = option->help; *line != '\0'; line += strspn(line, "\n")) {
        const size_t len = strcspn(line, "\n");
        text_add(t, line == option->help ? "%*s%.*s" : "\n%*s%.*s", line == option->help ? 0 : HELP_INDENT, "", (int)len, line);
        column = HELP_INDENT + len;
        line += len;
    }
    if (shown[0] == '\0')
        text_add(t, "\n");
    else if (column + strlen(shown) + 3 <= HELP_WIDTH)
        text_add(t, " [%s]\n", shown);
    else
        text_add(t, "\n%*s[%s]\n", HELP_INDENT, "", shown);
}

static void help_group(struct text *t, const struct option_group *group, enum cli_command command)
{
    bool titled = false;
    for (size_t i = 0; i < group->count; i++) {
        if (command != CLI_ANY && (group->options[i].commands & 1u << command) == 0)
            continue;
        if (!titled)
            text_add(t, "\n%s\n", group->title);
        titled = true;
        help_option(t, &group->options[i], command);
    }
}

static size_t command_width(const struct command *command)
{
    return strlen(command->name) + (command->operands[0] != '\0') + strlen(command->operands);
}

/* A command; `width` columns are for it and its operands. */
static void help_command(struct text *t, const struct command *command, size_t width)
{
    text_add(t, "  weir %s%s%s%*s [OPTION]...  %s\n", command->name, command->operands[0] != '\0' ? " " : "", command->operands,
             (int)(width - command_width(command)), "", command->help);
}

size_t options_help(enum cli_command command, char *out, size_t size)
{
    struct text t = { out, size, 0 };
    text_add(&t, "weir %s: %s\n\n", WEIR_VERSION, commands[command].first_line);
    size_t widest = 0;
    for (size_t i = CLI_SERVE; i < COMMAND_COUNT; i++)
        widest = command_width(&commands[i]) > widest ? command_width(&commands[i]) : widest;
    for (size_t i = CLI_SERVE; i < COMMAND_COUNT; i++)
        if (command == CLI_ANY || command == i)
            help_command(&t, &commands[i], command == CLI_ANY ? widest : command_width(&commands[i]));
    for (size_t g = 0; g < option_group_count; g++)
        help_group(&t, &option_groups[g], command);
    return t.len;
}
