/*
 * Reads JSON with jansson, an independent reader, for the tests:
 *
 *     json get FILE PATH...        prints the value at each PATH ("candidates/0/accuracy"), one a line; a number as
 *                                  short as it reads back, the length of a list or an object, "null", "true"
 *     json keys FILE               prints the keys of all objects in it, each once or more
 *     json check SCHEMA FILE       whether FILE is what a JSON Schema says; prints what is wrong
 *
 * The schema may use the keywords below alone; any other is an error, so that nothing is believed that was not checked.
 * Every property must be described: one that no schema names is wrong, whatever additionalProperties says.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *load(const char *file)
{
    json_error_t error;
    json_t *value = json_load_file(file, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);

    if (!value) {
        fprintf(stderr, "json: %s:%d: %s\n", file, error.line, error.text);
        exit(1);
    }
    return value;
}

/* ---- get --------------------------------------------------------------------------------------------------------- */

static json_t *walk(json_t *value, const char *path)
{
    char name[256];

    while (*path && value) {
        size_t n = strcspn(path, "/");

        snprintf(name, sizeof(name), "%.*s", (int)n, path);
        value = json_is_array(value) ? json_array_get(value, (size_t)atoi(name)) : json_object_get(value, name);
        path += n + (path[n] == '/');
    }
    return value;
}

static void print(const json_t *value)
{
    if (json_is_object(value))
        printf("%zu\n", json_object_size(value));
    else if (json_is_array(value))
        printf("%zu\n", json_array_size(value));
    else if (json_is_string(value))
        printf("%s\n", json_string_value(value));
    else if (json_is_integer(value))
        printf("%lld\n", (long long)json_integer_value(value));
    else if (json_is_real(value))
        printf("%.17g\n", json_real_value(value));
    else
        puts(json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
}

static int get(char **argv)
{
    json_t *root = load(argv[0]);

    for (char **path = argv + 1; *path; path++) {
        json_t *value = walk(root, *path);

        if (!value) {
            fprintf(stderr, "json: %s: nothing at '%s'\n", argv[0], *path);
            return 1;
        }
        print(value);
    }
    json_decref(root);
    return 0;
}

static void print_keys(const json_t *value)
{
    const char *key;
    json_t *member;

    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++)
        print_keys(json_array_get(value, i));
    if (!json_is_object(value))
        return;
    json_object_foreach((json_t *)(size_t)value, key, member)
    {
        puts(key);
        print_keys(member);
    }
}

static int keys(const char *file)
{
    json_t *root = load(file);

    print_keys(root);
    json_decref(root);
    return 0;
}

/* ---- check ------------------------------------------------------------------------------------------------------- */

static json_t *definitions;
static int wrong;

static void complain(const char *where, const char *what, const char *which)
{
    printf("%s: %s %s\n", *where ? where : "/", what, which);
    wrong++;
}

static const char *type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "number";
    case JSON_NULL:
        return "null";
    default:
        return "boolean";
    }
}

/* An integer is a number too. */
static int is_type(const char *type, const json_t *value)
{
    return strcmp(type, type_of(value)) == 0 || (strcmp(type, "number") == 0 && json_is_integer(value));
}

static int is_one_type(const json_t *types, const json_t *value)
{
    int found = 0;

    if (json_is_string(types))
        return is_type(json_string_value(types), value);
    for (size_t i = 0; i < json_array_size(types); i++)
        found |= is_type(json_string_value(json_array_get(types, i)), value);
    return found;
}

static void check_keywords(const json_t *schema, const char *where)
{
    static const char *const known[] = {"$schema",  "$id",   "$defs", "$ref",    "title",
                                        "type",     "enum",  "const", "items",   "description",
                                        "required", "minimum", "maximum", "properties", "patternProperties",
                                        "additionalProperties"};
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(size_t)schema, key, value)
    {
        size_t i = 0;

        while (i < sizeof(known) / sizeof(*known) && strcmp(known[i], key) != 0)
            i++;
        if (i == sizeof(known) / sizeof(*known))
            complain(where, "a keyword of the schema that is not known here:", key);
    }
}

/* Patterns are of the form ^beginning.*end$ alone. */
static int matches(const char *pattern, const char *text)
{
    const char *star = strstr(pattern, ".*");
    size_t head = star ? (size_t)(star - pattern) - 1 : 0, tail = star ? strlen(star) - 3 : 0, n = strlen(text);

    if (*pattern != '^' || !star || pattern[strlen(pattern) - 1] != '$') {
        complain("/", "a pattern that is not known here:", pattern);
        return 0;
    }
    return n >= head + tail && strncmp(pattern + 1, text, head) == 0 &&
           strncmp(star + 2, text + n - tail, tail) == 0;
}

static const json_t *schema_of(const json_t *schema, const char *key)
{
    const json_t *found = json_object_get(json_object_get(schema, "properties"), key);
    const char *pattern;
    json_t *value;

    json_object_foreach(json_object_get(schema, "patternProperties"), pattern, value)
    {
        if (!found && matches(pattern, key))
            found = value;
    }
    return found;
}

static void check(const json_t *schema, const json_t *value, const char *where);

static void check_object(const json_t *schema, const json_t *value, const char *where)
{
    const json_t *required = json_object_get(schema, "required");
    char inside[512];
    const char *key;
    json_t *member;

    for (size_t i = 0; i < json_array_size(required); i++) {
        key = json_string_value(json_array_get(required, i));
        if (!json_object_get(value, key))
            complain(where, "expected the key", key);
        if (!schema_of(schema, key))
            complain(where, "required, but not described:", key);
    }
    json_object_foreach((json_t *)(size_t)value, key, member)
    {
        const json_t *of = schema_of(schema, key);

        snprintf(inside, sizeof(inside), "%s/%s", where, key);
        if (of)
            check(of, member, inside);
        else
            complain(where, "a key that is not described:", key);
    }
}

static void check(const json_t *schema, const json_t *value, const char *where)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    const json_t *types = json_object_get(schema, "type"), *one = json_object_get(schema, "const");
    const json_t *choices = json_object_get(schema, "enum"), *items = json_object_get(schema, "items");
    const json_t *least = json_object_get(schema, "minimum"), *most = json_object_get(schema, "maximum");
    char inside[512];
    int found = !choices;

    if (ref && strncmp(ref, "#/$defs/", 8) == 0 && json_object_get(definitions, ref + 8)) {
        check(json_object_get(definitions, ref + 8), value, where);
        return;
    }
    if (ref)
        complain(where, "a reference to nothing:", ref);
    check_keywords(schema, where);
    if (!types && !one && !choices)
        complain(where, "the schema does not say", "what it may be");
    if (types && !is_one_type(types, value))
        complain(where, "another type than the schema says:", type_of(value));
    if (one && !json_equal(one, value))
        complain(where, "another value than", "the schema says");
    for (size_t i = 0; i < json_array_size(choices); i++)
        found |= json_equal(json_array_get(choices, i), value);
    if (!found)
        complain(where, "none of the values", "that the schema lists");
    if (json_is_number(value) && ((least && json_number_value(value) < json_number_value(least)) ||
                                  (most && json_number_value(value) > json_number_value(most))))
        complain(where, "outside of", "minimum and maximum");
    if (json_is_object(value))
        check_object(schema, value, where);
    for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
        snprintf(inside, sizeof(inside), "%s/%zu", where, i);
        if (items)
            check(items, json_array_get(value, i), inside);
        else
            complain(where, "a list whose items", "are not described");
    }
}

int main(int argc, char **argv)
{
    json_t *schema, *value;

    if (argc >= 3 && strcmp(argv[1], "get") == 0)
        return get(argv + 2);
    if (argc == 3 && strcmp(argv[1], "keys") == 0)
        return keys(argv[2]);
    if (argc != 4 || strcmp(argv[1], "check") != 0) {
        fprintf(stderr, "usage: json get FILE PATH... | json keys FILE | json check SCHEMA FILE\n");
        return 2;
    }
    schema = load(argv[2]);
    value = load(argv[3]);
    definitions = json_object_get(schema, "$defs");
    check(schema, value, "");
    json_decref(schema);
    json_decref(value);
    return wrong > 0;
}
