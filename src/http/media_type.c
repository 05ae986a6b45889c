#include "http/media_type.h"

#include <string.h>

#include "parser/byte.h"

#define CHARSET "; charset="
_Static_assert(MEDIA_TYPE_NAME_MAX + sizeof(CHARSET) - 1 + MEDIA_TYPE_CHARSET_MAX <= MEDIA_TYPE_MAX, "a type and its parameter have room");
_Static_assert(MEDIA_TYPE_NAME_MAX <= UINT8_MAX && MEDIA_TYPE_ENDING_MAX <= UINT8_MAX, "lengths fit their fields");

/*  ending, type; sorted by ending, in lower case */
#define BUILTIN_TYPES(T) \
    T("3gp", "video/3gpp") \
    T("7z", "application/x-7z-compressed") \
    T("aac", "audio/aac") \
    T("apng", "image/apng") \
    T("atom", "application/atom+xml") \
    T("avi", "video/x-msvideo") \
    T("avif", "image/avif") \
    T("bmp", "image/bmp") \
    T("br", "application/x-brotli") \
    T("bz2", "application/x-bzip2") \
    T("c", "text/plain") \
    T("cjs", "text/javascript") \
    T("conf", "text/plain") \
    T("css", "text/css") \
    T("csv", "text/csv") \
    T("deb", "application/vnd.debian.binary-package") \
    T("doc", "application/msword") \
    T("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document") \
    T("eot", "application/vnd.ms-fontobject") \
    T("epub", "application/epub+zip") \
    T("flac", "audio/flac") \
    T("geojson", "application/geo+json") \
    T("gif", "image/gif") \
    T("glb", "model/gltf-binary") \
    T("gltf", "model/gltf+json") \
    T("gz", "application/gzip") \
    T("h", "text/plain") \
    T("heic", "image/heic") \
    T("htm", "text/html") \
    T("html", "text/html") \
    T("ico", "image/vnd.microsoft.icon") \
    T("ics", "text/calendar") \
    T("ini", "text/plain") \
    T("jar", "application/java-archive") \
    T("jpe", "image/jpeg") \
    T("jpeg", "image/jpeg") \
    T("jpg", "image/jpeg") \
    T("js", "text/javascript") \
    T("json", "application/json") \
    T("jsonld", "application/ld+json") \
    T("jxl", "image/jxl") \
    T("log", "text/plain") \
    T("m3u8", "application/vnd.apple.mpegurl") \
    T("m4a", "audio/mp4") \
    T("m4v", "video/x-m4v") \
    T("map", "application/json") \
    T("md", "text/markdown") \
    T("mid", "audio/midi") \
    T("mjs", "text/javascript") \
    T("mkv", "video/x-matroska") \
    T("mov", "video/quicktime") \
    T("mp3", "audio/mpeg") \
    T("mp4", "video/mp4") \
    T("mpd", "application/dash+xml") \
    T("mpeg", "video/mpeg") \
    T("odp", "application/vnd.oasis.opendocument.presentation") \
    T("ods", "application/vnd.oasis.opendocument.spreadsheet") \
    T("odt", "application/vnd.oasis.opendocument.text") \
    T("oga", "audio/ogg") \
    T("ogg", "audio/ogg") \
    T("ogv", "video/ogg") \
    T("opus", "audio/ogg") \
    T("otf", "font/otf") \
    T("pdf", "application/pdf") \
    T("png", "image/png") \
    T("ppt", "application/vnd.ms-powerpoint") \
    T("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation") \
    T("ps", "application/postscript") \
    T("rss", "application/rss+xml") \
    T("rtf", "application/rtf") \
    T("sh", "text/plain") \
    T("svg", "image/svg+xml") \
    T("svgz", "image/svg+xml") \
    T("tar", "application/x-tar") \
    T("tgz", "application/gzip") \
    T("tif", "image/tiff") \
    T("tiff", "image/tiff") \
    T("toml", "application/toml") \
    T("torrent", "application/x-bittorrent") \
    T("tsv", "text/tab-separated-values") \
    T("ttc", "font/collection") \
    T("ttf", "font/ttf") \
    T("txt", "text/plain") \
    T("vtt", "text/vtt") \
    T("wasm", "application/wasm") \
    T("wav", "audio/wav") \
    T("weba", "audio/webm") \
    T("webm", "video/webm") \
    T("webmanifest", "application/manifest+json") \
    T("webp", "image/webp") \
    T("woff", "font/woff") \
    T("woff2", "font/woff2") \
    T("xhtml", "application/xhtml+xml") \
    T("xls", "application/vnd.ms-excel") \
    T("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet") \
    T("xml", "application/xml") \
    T("xz", "application/x-xz") \
    T("yaml", "application/yaml") \
    T("yml", "application/yaml") \
    T("zip", "application/zip") \
    T("zst", "application/zstd")

#define BUILTIN_TYPE(ending, type) { ending, type, sizeof(ending) - 1, sizeof(type) - 1 },
static const struct media_type builtin[] = { BUILTIN_TYPES(BUILTIN_TYPE) };

/* As strcmp: `b` is in lower case, `a` in any. */
static int order_of(struct slice a, const struct media_type *b)
{
    for (size_t i = 0; i < a.len && i < b->ending_len; i++)
        if (byte_lower(a.ptr[i]) != b->ending[i])
            return (unsigned char)byte_lower(a.ptr[i]) < (unsigned char)b->ending[i] ? -1 : 1;
    return a.len < b->ending_len ? -1 : a.len > b->ending_len;
}

struct slice media_type_builtin(struct slice ending)
{
    size_t from = 0, to = sizeof(builtin) / sizeof(builtin[0]);
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = order_of(ending, &builtin[middle]);
        if (order == 0)
            return (struct slice){ builtin[middle].type, builtin[middle].type_len };
        if (order < 0)
            to = middle;
        else
            from = middle + 1;
    }
    return (struct slice){ NULL, 0 };
}

/* The slot that holds `ending`, or the free one where it would go. The table always has a free one. */
static struct media_type *slot_of(const struct media_types *types, struct slice ending)
{
    uint32_t hash = 2166136261u;                   /* FNV-1a */
    for (size_t i = 0; i < ending.len; i++)
        hash = (hash ^ (unsigned char)byte_lower(ending.ptr[i])) * 16777619u;
    size_t at = hash & (types->slot_count - 1);
    while (types->slots[at].ending != NULL
           && !slice_equals_ignoring_case((struct slice){ types->slots[at].ending, types->slots[at].ending_len }, ending))
        at = (at + 1) & (types->slot_count - 1);
    return &types->slots[at];
}

void media_types_init(struct media_types *types, struct media_type *slots, size_t slot_count)
{
    *types = (struct media_types){ .slots = slots, .slot_count = slot_count };
    for (size_t i = 0; i < slot_count; i++)
        slots[i] = (struct media_type){ 0 };
}

static bool is_token(struct slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!byte_is(s.ptr[i], BYTE_TOKEN))
            return false;
    return s.len > 0;
}

static bool is_type(struct slice type)
{
    if (type.len == 0 || type.len > MEDIA_TYPE_NAME_MAX)
        return false;
    const char *slash = memchr(type.ptr, '/', type.len);
    if (slash == NULL)
        return false;
    size_t before = (size_t)(slash - type.ptr);
    return is_token((struct slice){ type.ptr, before }) && is_token(slice_from(type, before + 1));
}

/* Without a fault in what stands in front of the first semicolon; what follows is only sure not to break a head. */
static bool is_own_type(struct slice type)
{
    if (type.len == 0 || type.len > MEDIA_TYPE_NAME_MAX)
        return false;
    const char *semicolon = memchr(type.ptr, ';', type.len);
    size_t bare = semicolon != NULL ? (size_t)(semicolon - type.ptr) : type.len;
    bool is_whole = byte_run(type.ptr, type.ptr + type.len, BYTE_VALUE) == type.len && slice_trimmed(type).len == type.len;
    return is_whole && is_type(slice_trimmed((struct slice){ type.ptr, bare }));
}

static bool add(struct media_types *types, struct slice type, struct slice ending)
{
    if (ending.len == 0 || ending.len > MEDIA_TYPE_ENDING_MAX || types->count + 1 >= types->slot_count)
        return false;
    struct media_type *slot = slot_of(types, ending);
    if (slot->ending != NULL)
        return true;
    *slot = (struct media_type){ ending.ptr, type.ptr, (uint8_t)ending.len, (uint8_t)type.len };
    types->count++;
    return true;
}

bool media_types_add(struct media_types *types, struct slice type, struct slice ending)
{
    return is_type(type) && add(types, type, ending);
}

bool media_types_add_own(struct media_types *types, struct slice type, struct slice ending)
{
    return is_own_type(type) && add(types, type, ending);
}

bool media_type_is_charset(struct slice charset)
{
    return charset.len <= MEDIA_TYPE_CHARSET_MAX && is_token(charset);
}

/* What stands behind the last dot of the last segment; a name like ".profile" has no ending. */
static struct slice ending_of(struct slice name)
{
    for (size_t i = name.len; i > 1 && name.ptr[i - 1] != '/'; i--)
        if (name.ptr[i - 1] == '.')
            return name.ptr[i - 2] != '/' ? slice_from(name, i) : (struct slice){ NULL, 0 };
    return (struct slice){ NULL, 0 };
}

static struct slice type_of(const struct media_types *types, struct slice ending)
{
    if (types != NULL && types->count > 0) {
        const struct media_type *slot = slot_of(types, ending);
        if (slot->ending != NULL)
            return (struct slice){ slot->type, slot->type_len };
    }
    struct slice type = media_type_builtin(ending);
    return type.len > 0 ? type : SLICE("application/octet-stream");
}

size_t media_type_write(const struct media_types *types, struct slice name, struct slice charset, char out[MEDIA_TYPE_MAX])
{
    const struct slice text = SLICE("text/"), parameter = SLICE(CHARSET);
    struct slice type = type_of(types, ending_of(name));
    memcpy(out, type.ptr, type.len);
    bool is_text = type.len >= text.len && slice_equals_ignoring_case((struct slice){ type.ptr, text.len }, text);
    if (!is_text || charset.len == 0 || memchr(type.ptr, ';', type.len) != NULL)
        return type.len;
    memcpy(out + type.len, parameter.ptr, parameter.len);
    memcpy(out + type.len + parameter.len, charset.ptr, charset.len);
    return type.len + parameter.len + charset.len;
}
