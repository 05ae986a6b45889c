/* Prints the machine of a connection from its one list, src/core/conn_table.h:
 *
 *     machine_print mermaid     the drawing in README.md, between its ```mermaid fences
 *     machine_print dot         the same for Graphviz: machine_print dot | dot -Tsvg >machine.svg
 *     machine_print matrix      every pair of a verdict and a state, as text
 *
 * Transitions that lead from one state to the same next one share an arrow, and verdicts that ask for the same actions a line of its label:
 * "VERDICT, VERDICT / ACTION, ACTION". */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/conn_table.h"

/* What stands around the parts of a drawing. */
struct style {
    const char *begin;
    const char *arrow;         /* format: from, to */
    const char *line_break;    /* between the lines of a label */
    const char *arrow_end;
    const char *end;
};

static const struct style mermaid = {
    .begin = "stateDiagram-v2\n    [*] --> READING\n",
    .arrow = "    %s --> %s: ",
    .line_break = "<br/>",
    .arrow_end = "\n",
    .end = "    CLOSED --> [*]\n",
};

static const struct style dot = {
    .begin = "digraph connection {\n    node [shape=box, style=rounded, fontname=\"sans-serif\"]\n"
             "    edge [fontname=\"sans-serif\", fontsize=10]\n    begin [shape=point]\n    CLOSED [peripheries=2]\n    begin -> READING\n",
    .arrow = "    %s -> %s [label=\"",
    .line_break = "\\l",
    .arrow_end = "\\l\"]\n",
    .end = "}\n",
};

/* "RESET, CLOSE" with `before` in front where there are any. Returns the columns used. */
static int print_actions(unsigned actions, const char *before)
{
    int width = 0;
    for (int bit = 0; bit < CONN_ACTION_COUNT; bit++)
        if ((actions & 1u << bit) != 0) {
            width += printf("%s%s", before, conn_action_name((enum conn_action_bit)bit));
            before = ", ";
        }
    return width;
}

static bool leads(enum conn_state from, int event, enum conn_state to)
{
    const struct conn_step step = conn_step(from, (enum conn_event)event);
    return step.possible && step.next == to;
}

/* One line of a label: the verdicts from `first` on that ask for the same actions as it. */
static void print_label_line(enum conn_state from, enum conn_state to, int first)
{
    const unsigned actions = conn_step(from, (enum conn_event)first).actions;
    printf("%s", conn_event_name((enum conn_event)first));
    for (int event = first + 1; event < CONN_EVENT_COUNT; event++)
        if (leads(from, event, to) && conn_step(from, (enum conn_event)event).actions == actions)
            printf(", %s", conn_event_name((enum conn_event)event));
    print_actions(actions, " / ");
}

/* True where an earlier verdict asks for the same, so that `event` stands in its line already. */
static bool is_printed(enum conn_state from, enum conn_state to, int event)
{
    const unsigned actions = conn_step(from, (enum conn_event)event).actions;
    for (int before = 0; before < event; before++)
        if (leads(from, before, to) && conn_step(from, (enum conn_event)before).actions == actions)
            return true;
    return false;
}

static void print_arrow(const struct style *style, enum conn_state from, enum conn_state to)
{
    bool begun = false;
    for (int event = 0; event < CONN_EVENT_COUNT; event++) {
        if (!leads(from, event, to) || is_printed(from, to, event))
            continue;
        if (begun)
            printf("%s", style->line_break);
        else
            printf(style->arrow, conn_state_name(from), conn_state_name(to));
        begun = true;
        print_label_line(from, to, event);
    }
    if (begun)
        printf("%s", style->arrow_end);
}

static void print_drawing(const struct style *style)
{
    printf("%s", style->begin);
    for (int from = 0; from < CONN_STATE_COUNT; from++)
        for (int to = 0; to < CONN_STATE_COUNT; to++)
            print_arrow(style, (enum conn_state)from, (enum conn_state)to);
    printf("%s", style->end);
}

static void print_mermaid(void)
{
    print_drawing(&mermaid);
}

static void print_dot(void)
{
    print_drawing(&dot);
}

/* One row for each verdict, one column for each state that has a way out; "-" is an impossibility. */
static void print_matrix(void)
{
    printf("%-10s", "");
    for (int from = 0; from < CONN_CLOSED; from++)
        printf("%-32s", conn_state_name((enum conn_state)from));
    for (int event = 0; event < CONN_EVENT_COUNT; event++) {
        printf("\n%-10s", conn_event_name((enum conn_event)event));
        for (int from = 0; from < CONN_CLOSED; from++) {
            const struct conn_step step = conn_step((enum conn_state)from, (enum conn_event)event);
            int width = printf("%s", step.possible ? conn_state_name(step.next) : "-");
            if (step.possible)
                width += print_actions(step.actions, ": ");
            printf("%*s", 32 - width, "");
        }
    }
    printf("\n");
}

static const struct form {
    const char *name;
    void (*print)(void);
} forms[] = {
    { "mermaid", print_mermaid },
    { "dot", print_dot },
    { "matrix", print_matrix },
};

int main(int argc, char *argv[])
{
    for (size_t i = 0; argc == 2 && i < sizeof(forms) / sizeof(forms[0]); i++)
        if (strcmp(argv[1], forms[i].name) == 0) {
            forms[i].print();
            return fflush(stdout) == 0 ? 0 : 1;
        }
    fprintf(stderr, "usage: machine_print mermaid|dot|matrix\n");
    return 2;
}
