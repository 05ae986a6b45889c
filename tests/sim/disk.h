/* The folder that HANDLER_FILES serves, and what befalls its files while it does: they change in their place, shrink, grow, are replaced, vanish and
 * come back, at any moment. Each state of a file has content of its own, and is found again by the tag that an answer gives it. */
#ifndef WEIR_SIM_DISK_H
#define WEIR_SIM_DISK_H

#include "os_sim.h"
#include "parser/accept.h"

enum { DISK_TAG_SIZE = 80, DISK_LISTED_MAX = 900 };

/* What a target is answered with. */
struct disk_target {
    const char *target;
    uint16_t status;
    uint16_t or_status;
    int file;                      /* row of the file whose content comes; -1: none */
    bool lists;                    /* it is a folder without an index */
};

/* Puts the files into the kernel. */
void disk_open(struct chance *c);

const struct disk_target *disk_target(struct chance *c);

/* Something befalls a file. */
void disk_act(struct chance *c);

/* A file was changed in its place, in this run: an answer from it may have to be cut. */
bool disk_is_spoiled(void);

/* How many entries "/many/" has; it was never away. */
uint32_t disk_listed(void);
bool disk_list_is_whole(void);

/* The name of one of them. Its length. */
size_t disk_entry_name(uint32_t number, char name[256]);

/* The row of the file that stands for `row` in a coding; -1: none can. */
int disk_sibling(int row, enum coding coding);

/* The tag of a row's file as it is now, as weir writes it. */
void disk_tag(int row, enum coding coding, char tag[DISK_TAG_SIZE]);

/* The state that a tag names, and its coding; NULL: there was never one. */
const struct sim_version *disk_version(const char *tag, enum coding *coding);

/* Is this byte one of a state that its file had, at any time? */
bool disk_was_there(const struct sim_version *version, uint64_t at, uint8_t byte);

#endif
