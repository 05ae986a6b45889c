#include "disk.h"

#include <inttypes.h>
#include <string.h>

#include "handler/file_head.h"

enum { SPARE_COUNT = 400, CHANGE_PAUSE_MS = 50, INODE_FIRST = 100, NOWHERE_ROW = -1 };

static const struct row {
    const char *path;
    const char *target;
    enum sim_file_kind kind;
    uint32_t size;             /* the largest; what a run draws is at most this */
    bool secret;
    bool outside;
    const char *content;
    int of;                    /* 1 + the row that it stands for, in a coding */
    enum coding coding;
    bool changes;
} rows[] = {
    { "", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
    { "/srv", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
    { "/srv/www", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/index.html", NULL, SIM_REGULAR, 3000, false, false, NULL, 0, 0, true },
    { "/srv/www/a.txt", NULL, SIM_REGULAR, 70000, false, false, NULL, 0, 0, true },
    { "/srv/www/big.bin", NULL, SIM_REGULAR, 300000, false, false, NULL, 0, 0, true },
    { "/srv/www/empty", NULL, SIM_REGULAR, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/dir", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/dir/index.html", NULL, SIM_REGULAR, 500, false, false, NULL, 0, 0, true },
    { "/srv/www/bare", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/.hidden", NULL, SIM_REGULAR, 10, false, true, NULL, 0, 0, false },
    { "/srv/www/fifo", NULL, SIM_FIFO, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/device", NULL, SIM_DEVICE, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/secret", NULL, SIM_REGULAR, 10, true, false, NULL, 0, 0, false },
    { "/srv/www/link-in", "a.txt", SIM_LINK, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/link-out", "../outside.txt", SIM_LINK, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/link-abs", "/srv/outside.txt", SIM_LINK, 0, false, false, NULL, 0, 0, false },
    { "/srv/www/loop", "loop", SIM_LINK, 0, false, false, NULL, 0, 0, false },
    { "/srv/outside.txt", NULL, SIM_REGULAR, 100, false, true, NULL, 0, 0, false },
    { "/etc", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
    { "/etc/mime.types", NULL, SIM_REGULAR, 34, false, false, "text/html html\ntext/plain txt asc\n\n", 0, 0, false },
    { "/dev", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
    { "/dev/urandom", NULL, SIM_REGULAR, 16, false, false, "always the same.", 0, 0, false },
    { "/srv/www/a.txt.gz", NULL, SIM_REGULAR, 20000, false, false, NULL, 1 + 4, CODING_GZIP, true },
    { "/srv/www/a.txt.br", NULL, SIM_REGULAR, 15000, false, false, NULL, 1 + 4, CODING_BR, true },
    { "/srv/www/index.html.zst", NULL, SIM_REGULAR, 900, false, false, NULL, 1 + 3, CODING_ZSTD, true },
    { "/srv/www/big.bin.gz", NULL, SIM_REGULAR, 100000, false, false, NULL, 1 + 5, CODING_GZIP, true },
    { "/srv/www/many", NULL, SIM_FOLDER, 0, false, false, NULL, 0, 0, false },
};

enum { ROW_COUNT = sizeof(rows) / sizeof(rows[0]), ROW_MANY = ROW_COUNT - 1 };

static const struct disk_target targets[] = {
    { "/", 200, 0, 3, false },          { "/index.html", 200, 0, 3, false },   { "/a.txt", 200, 0, 4, false },
    { "/big.bin", 200, 0, 5, false },   { "/a%2Etxt?q", 200, 0, 4, false },    { "/empty", 200, 0, 6, false },
    { "/dir", 301, 0, -1, false },      { "/dir/", 200, 0, 8, false },         { "/dir/../a.txt", 200, 0, 4, false },
    { "/bare/", 404, 0, -1, true },     { "/.hidden", 404, 0, -1, false },     { "/fifo", 403, 0, -1, false },
    { "/device", 403, 0, -1, false },   { "/secret", 403, 0, -1, false },      { "/link-in", 200, 0, 4, false },
    { "/link-out", 403, 404, -1, false }, { "/link-abs", 403, 404, -1, false }, { "/loop", 403, 404, -1, false },
    { "/nowhere", 404, 0, -1, false },  { "/a.txt/x", 404, 0, -1, false },     { "/a.txt/", 404, 0, -1, false },
    { "/dir%2findex.html", 200, 404, 8, false }, { "/many/", 404, 0, -1, true }, { "/many", 301, 0, -1, false },
    { "/many/?sort=size&order=desc", 404, 0, -1, true }, { "/a.txt.gz", 200, 0, 23, false }, { "/a.txt", 200, 0, 4, false },
    { "/a.txt", 200, 0, 4, false },     { "/index.html", 200, 0, 3, false },   { "/big.bin", 200, 0, 5, false },
    { "/many/", 404, 0, -1, true },
};

static struct sim_inode files[ROW_COUNT];      /* as they are at first */
static struct sim_inode spares[SPARE_COUNT];   /* and what replaces them */
static uint32_t spares_used;
static uint64_t tags_used;
static bool spoiled;
static bool many_was_away;

const struct disk_target *disk_target(struct chance *c)
{
    return &targets[chance_below(c, sizeof(targets) / sizeof(targets[0]))];
}

void disk_open(struct chance *c)
{
    spares_used = 0;
    tags_used = 0;
    spoiled = many_was_away = false;
    for (int i = 0; i < ROW_COUNT; i++) {
        const struct row *row = &rows[i];
        const bool whole = row->content != NULL || row->size == 0 || chance_one_in(c, 3);
        files[i] = (struct sim_inode){ .path = row->path, .target = row->target, .kind = row->kind, .secret = row->secret,
                                       .outside = row->outside, .content = row->content, .mtime = 1600000000 + i, .ctime = 1600000000 + i,
                                       .tag = (uint64_t)i + 77, .size = whole ? row->size : chance_below(c, row->size),
                                       .ino = INODE_FIRST + (uint64_t)i, .row = i, .is_watched = row->kind == SIM_REGULAR };
        sim_add_file(&files[i]);
        sim_file_stands(&files[i]);
    }
    files[ROW_MANY].entries = chance_one_in(c, 3) ? chance_below(c, DISK_LISTED_MAX) : chance_below(c, 30);
}

/* ------------------------------------------------------------------ what befalls them */

static void stamp(struct sim_inode *inode)
{
    const int64_t ms = (int64_t)sim.now;
    inode->ctime = 1700000000 + ms / 1000 + sim.wall_skew;
    if (!inode->keeps_mtime)
        inode->mtime = inode->ctime;
    inode->changed_ms = sim.now;
}

/* Under the same name stands another file. */
static void replace(int row, struct chance *c)
{
    if (spares_used == SPARE_COUNT)
        return;
    struct sim_inode *from = sim.inodes[row], *to = &spares[spares_used++];
    *to = (struct sim_inode){ .path = rows[row].path, .kind = SIM_REGULAR, .tag = ~(uint64_t)++tags_used, .row = row, .is_watched = true,
                              .size = chance_one_in(c, 3) ? from->size : chance_below(c, rows[row].size + 1),
                              .ino = chance_one_in(c, 4) ? from->ino : INODE_FIRST + ROW_COUNT + spares_used };
    stamp(to);
    sim_file_ends(from);
    from->path = SIM_PATH_GONE;
    sim.inodes[row] = to;
    sim_file_stands(to);
    sim_count(ORDER_FILE_REPLACED);
    sim_trace("         %s is replaced", rows[row].path);
}

static void vanish(int row)
{
    struct sim_inode *inode = sim.inodes[row];
    sim_file_ends(inode);
    inode->path = SIM_PATH_GONE;
    sim_count(ORDER_FILE_VANISHED);
    sim_trace("         %s vanishes", rows[row].path);
}

enum change { GROWS, SHRINKS, IS_REWRITTEN, IS_TOUCHED, CHANGE_COUNT };

static void change(int row, struct chance *c)
{
    struct sim_inode *inode = sim.inodes[row];
    if (sim.now - inode->changed_ms < CHANGE_PAUSE_MS && inode->changed_ms != 0)
        return;
    sim_file_ends(inode);
    spoiled = true;
    const uint64_t size = inode->size;
    switch (chance_below(c, CHANGE_COUNT)) {
    case GROWS:
        inode->size += chance_below(c, 500);
        break;
    case SHRINKS:
        inode->size = size > 0 ? chance_below(c, (uint32_t)size) : 0;
        break;
    case IS_REWRITTEN:
        inode->tag = ~(uint64_t)++tags_used;
        break;
    default:
        break;
    }
    inode->keeps_mtime = chance_one_in(c, 4);
    stamp(inode);
    sim_file_stands(inode);
    sim_count(ORDER_FILE_CHANGED);
    sim_trace("         %s changes: %" PRIu64 " bytes, then %" PRIu64, rows[row].path, size, inode->size);
}

static void change_many(void)
{
    struct sim_inode *many = sim.inodes[ROW_MANY];
    many_was_away = true;
    many->path = strcmp(many->path, SIM_PATH_GONE) == 0 ? rows[ROW_MANY].path : SIM_PATH_GONE;
}

void disk_act(struct chance *c)
{
    const int row = (int)chance_below(c, ROW_COUNT);
    if (row == ROW_MANY && chance_one_in(c, 8))
        change_many();
    if (!rows[row].changes)
        return;
    if (strcmp(sim.inodes[row]->path, SIM_PATH_GONE) == 0 || chance_one_in(c, 2))
        replace(row, c);
    else if (chance_one_in(c, 4))
        vanish(row);
    else
        change(row, c);
}

bool disk_is_spoiled(void)
{
    return spoiled;
}

uint32_t disk_listed(void)
{
    return files[ROW_MANY].entries;
}

bool disk_list_is_whole(void)
{
    return !many_was_away;
}

size_t disk_entry_name(uint32_t number, char name[256])
{
    return sim_entry_name(number, name);
}

/* ------------------------------------------------------------------ tags */

int disk_sibling(int row, enum coding coding)
{
    for (int i = 0; i < ROW_COUNT; i++)
        if (rows[i].of == 1 + row && rows[i].coding == coding)
            return i;
    return coding == CODING_IDENTITY ? row : NOWHERE_ROW;
}

/* The tag of a state as weir writes it, without what tells a weak one; found out once. */
static const char *tag_of(struct sim_version *version, enum coding coding)
{
    char *tag = version->tags[coding != CODING_IDENTITY];
    struct media_type slots[2];
    struct media_types types;
    struct file_head head;
    if (tag[0] != '\0')
        return tag;
    media_types_init(&types, slots, 2);
    const struct file_facts facts = { .types = &types, .name = SLICE("x"), .status = &version->status, .coding = coding };
    if (!file_head_compose(&head, &facts))
        sim_broken("no head for row %d", version->row);
    const char *line = memmem(head.text, head.len, "ETag: ", 6), *end = head.text + head.len;
    const char *from = line == NULL ? NULL : memchr(line, '"', (size_t)(end - line));
    const char *to = from == NULL ? NULL : memchr(from + 1, '"', (size_t)(end - from - 1));
    if (to == NULL)
        sim_broken("no tag for row %d", version->row);
    snprintf(tag, sizeof(version->tags[0]), "%.*s", (int)(to + 1 - from), from);
    return tag;
}

void disk_tag(int row, enum coding coding, char tag[DISK_TAG_SIZE])
{
    for (uint32_t i = sim.version_count; i-- > 0;)
        if (sim.versions[i].inode == sim.inodes[row]) {
            snprintf(tag, DISK_TAG_SIZE, "%s", tag_of(&sim.versions[i], coding));
            return;
        }
}

const struct sim_version *disk_version(const char *tag, enum coding *coding)
{
    if (strncmp(tag, "W/", 2) == 0)
        tag += 2;
    for (uint32_t i = sim.version_count; i-- > 0;) {
        struct sim_version *v = &sim.versions[i];
        const struct row *row = &rows[v->row];
        *coding = CODING_IDENTITY;
        if (strcmp(tag, tag_of(v, *coding)) == 0)
            return v;
        *coding = row->coding;
        if (row->of > 0 && strcmp(tag, tag_of(v, *coding)) == 0)
            return v;
    }
    return NULL;
}

bool disk_was_there(const struct sim_version *version, uint64_t at, uint8_t byte)
{
    for (uint32_t i = 0; i < sim.version_count; i++)
        if (sim.versions[i].inode == version->inode && sim_tag(sim.versions[i].tag, at) == byte)
            return true;
    return false;
}
