/* eo_config: what is read, every refusal with its message, slices, hashes, the Make fragment and the shipped
 * files. */
#include "format/config.h"
#include "format/config_keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/check.h"

#define LISTED(value, name, text) name ", "

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void check_input(const char *what, const char *input, const char *expected, const char *found)
{
    check_that(strcmp(found, expected) == 0, "%s, input:\n%s\nexpected:\n%s\nfound:\n%s", what, input,
               expected, found);
}

static void check(const char *what, int ok)
{
    check_that(ok, "%s: expected to hold, found otherwise", what);
}

static int parse(struct eo_config *cfg, const char *text, struct eo_err *err)
{
    return eo_config_parse(cfg, text, strlen(text), err);
}

/* ------------------------------------------------------------------------------------------------------------
 */

static const char defaults[] = "seed: 7\n"
                               "dataloader_seed: null\n"
                               "dataset: synthetic\n"
                               "validation: holdout\n"
                               "train_subset: null\n"
                               "val_subset: null\n"
                               "model: smallcnn\n"
                               "conv1_channels: 16\n"
                               "conv2_channels: 32\n"
                               "batch_size: 128\n"
                               "epochs: 2\n"
                               "fine_tune_epochs: 0\n"
                               "fine_tune_unpruned: true\n"
                               "learning_rate: 0.001\n"
                               "fine_tune_learning_rate: null\n"
                               "learning_rate_schedule: constant\n"
                               "warmup_epochs: 0.0\n"
                               "weight_decay: 0.0\n"
                               "label_smoothing: 0.0\n"
                               "augment_shift: 0\n"
                               "augment_flip: false\n"
                               "early_stopping: 0\n"
                               "qat_epochs: 0\n"
                               "qat_learning_rate: null\n"
                               "pruning_levels: [0.0, 0.25, 0.5, 0.7]\n"
                               "pruning_criterion: l1\n"
                               "pruning_scope: layer\n"
                               "prune_steps: 1\n"
                               "channel_multiple: 1\n"
                               "pruning_images: 1024\n"
                               "precisions: [fp32, fp16, int8]\n"
                               "quantization_backend: fbgemm\n"
                               "calibration_batches: 8\n"
                               "quantization_observer: histogram\n"
                               "observer_percentile: 99.99\n"
                               "weight_granularity: backend\n"
                               "bias_correction: false\n"
                               "cross_layer_equalization: false\n"
                               "explore_from: slice\n"
                               "explore_epochs: 1\n"
                               "explore_images: null\n"
                               "explore_way: exhaustive\n"
                               "explore_rungs: 2\n"
                               "explore_growth: 27\n"
                               "explore_reduction: 9\n"
                               "benchmark_repeats: 5\n"
                               "benchmark_trials: 3\n"
                               "benchmark_warmup: 3\n"
                               "benchmark_exact: false\n"
                               "benchmark_seconds: 60\n"
                               "benchmark_wait: 600\n"
                               "power_watts: 5.0\n"
                               "memory_budgets_mb: [0.01, 0.02, 0.05]\n"
                               "active_memory_budget_mb: 0.05\n"
                               "active_device: null\n"
                               "max_latency_ms: null\nmax_energy_mj: null\n"
                               "cpu_frequency_scale: 0.7\n"
                               "latency_statistic: median\nrecommend: smallest\n"
                               "pareto_use_ci: false\npareto_any_status: true\n"
                               "memory_bandwidth_gbps: 12.8\n"
                               "peak_compute_gmacs: null\n"
                               "threads: 0\n"
                               "job_minutes: 60\njob_memory_mb: 2048\njob_threads: 1\n"
                               "num_workers: 2\n"
                               "device: cpu\n";

/* The canonical text of what was read, or the message. */
static void check_print(const char *what, const char *text, const char *expected)
{
    struct eo_buf out = {0};
    struct eo_config cfg;
    struct eo_err err;

    if (parse(&cfg, text, &err))
        eo_buf_puts(&out, err.msg);
    else
        eo_config_print(&cfg, &out);
    check_input(what, text, expected, out.data);
    eo_buf_release(&out);
}

static void test_defaults(void)
{
    struct eo_buf out = {0};
    struct eo_config cfg;

    eo_config_init(&cfg);
    eo_config_print(&cfg, &out);
    check_input("defaults", "(none)", defaults, out.data);
    check_print("one line is enough", "epochs: 2\n", defaults);
    check_print("canonical text reads back", defaults, defaults);
    eo_buf_release(&out);
}

/* One line in, that key's line of the canonical text out. */
static void check_line(const char *text, const char *expected)
{
    struct eo_buf out = {0};
    struct eo_config cfg;
    struct eo_err err;
    char line[600];

    snprintf(line, sizeof(line), "\n%s\n", expected);
    if (parse(&cfg, text, &err)) {
        check_input("a good line", text, expected, err.msg);
        return;
    }
    eo_buf_puts(&out, "\n");
    eo_config_print(&cfg, &out);
    check_that(strstr(out.data, line) != NULL, "a good line, input:\n%s\nexpected:%sfound:\n%s", text, line,
               out.data);
    eo_buf_release(&out);
}

static void test_values(void)
{
    static const char *const cases[][2] = {
        {"seed: 18446744073709551615", "seed: 18446744073709551615"},
        {"seeds: [3]", "seed: 3"},
        {"seeds: [3, 1, 2]", "seeds: [3, 1, 2]"},
        {"seeds:\n- 3\n- 1\n", "seeds: [3, 1]"},
        {"dataloader_seed: 0", "dataloader_seed: 0"},
        {"dataloader_seed: ~", "dataloader_seed: null"},
        {"train_subset:\nseed: 1", "train_subset: null"},
        {"train_subset: 12000", "train_subset: 12000"},
        {"peak_compute_gmacs: 64.0", "peak_compute_gmacs: 64.0"},
        {"peak_compute_gmacs: null", "peak_compute_gmacs: null"},
        {"job_minutes: null", "job_minutes: null"},
        {"power_watts: 5", "power_watts: 5.0"},
        {"learning_rate: 1e-3", "learning_rate: 0.001"},
        {"learning_rate: 1e-05", "learning_rate: 1e-05"},
        {"pruning_levels: [0, 5e-1, 0.999]", "pruning_levels: [0.0, 0.5, 0.999]"},
        {"pruning_levels: [-0.0]", "pruning_levels: [0.0]"},
        {"pruning_levels: [[0.25, 5e-1], 0, [-0.0, 0.5]]", "pruning_levels: [[0.25, 0.5], 0.0, [0.0, 0.5]]"},
        {"pruning_levels: [[0.5, 0.5]]", "pruning_levels: [0.5]"},
        {"dataset: idx", "dataset: idx"},
        {"precisions: [int8]", "precisions: [int8]"},
        {"precisions: ['int8', \"fp32\"]", "precisions: [int8, fp32]"},
        {"pareto_use_ci: true", "pareto_use_ci: true"},
        {"pareto_any_status: FALSE", "pareto_any_status: false"},
        {"pareto_use_ci: True", "pareto_use_ci: true"},
        {"val_subset: None", "val_subset: null"},
        {"val_subset: NULL", "val_subset: null"},
        {"memory_budgets_mb: [1, 1.5]", "memory_budgets_mb: [1, 1.5]"},
        {"pruning_criterion: fpgm", "pruning_criterion: fpgm"},
        {"pruning_criterion: [taylor]", "pruning_criterion: taylor"},
        {"pruning_criterion: [taylor, l1]", "pruning_criterion: [taylor, l1]"},
        {"quantization_backend: qnnpack", "quantization_backend: qnnpack"},
        {"validation: test", "validation: test"},
        {"dataset: idx\ndata_dir: ../my/data", "data_dir: ../my/data"},
        {"dataset: idx\ndata_dir: d\xc3\xa4ta/\xe6\x95\xb0", "data_dir: d\xc3\xa4ta/\xe6\x95\xb0"},
        {"class_names: [T-shirt, 'a, b', \"0\", 1, null, d\xc3\xa4]",
         "class_names: [\"T-shirt\", \"a, b\", \"0\", \"1\", \"null\", \"d\xc3\xa4\"]"},
        {"input_mean: 0", "input_mean: 0.0"},
        {"input_mean: [0.5, 0.5, 0.4]\ninput_std: [0.2, 0.2, 0.3]", "input_std: [0.2, 0.2, 0.3]"},
        {"input_mean: [0.5, 0.5, 0.4]\ninput_std: [0.2]", "input_mean: [0.5, 0.5, 0.4]\ninput_std: 0.2"},
        {"model: mlp", "model: mlp"},
        {"model: \"a: conv 8 3x3;b: linear classes\"", "model: \"a: conv 8 3x3; b: linear classes\""},
        {"model: [{conv: 8, kernel: 3, name: a, padding: [0, 0, 1, 1], relu: true},\n"
         "  {conv: 4, add: a, kernel: 1x1, batch_norm: false}, {max: 2}, {depthwise: 3}, {linear: classes}]",
         "model: \"a: conv 8 3 pad 0,0,1,1 relu; conv2: conv 4 1x1 add a max 2; depthwise1: depthwise 3; "
         "classifier: linear classes\""},
        {"model: |\n  a: conv  8 3x3\n\n  b: linear classes\n",
         "model: \"a: conv 8 3x3; b: linear classes\""},
        {"width: 0.25", "width: 0.25"},
        {"output_dir: outputs/", "output_dir: outputs"},
        {"output_dir: /tmp/x", "output_dir: /tmp/x"},
        {"---\nepochs: 3 # three\n...\n", "epochs: 3"},
        {"\xef\xbb\xbf"
         "epochs: 3",
         "epochs: 3"},
        {"{\"epochs\": 3, \"seed\": 1}", "epochs: 3"},
        {"epochs: 3\r\nseed: 1\r\n", "epochs: 3"},
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        check_line(cases[i][0], cases[i][1]);
}

static void test_refused(void)
{
    static const char *const cases[][2] = {
        /* shape of the file */
        {"", "1:1: expected at least one key, found none"},
        {"# nothing\n", "2:1: expected at least one key, found none"},
        {"{}", "1:1: expected at least one key, found none"},
        {"seed", "1:1: expected 'key: value' lines, found text"},
        {"- seed", "1:1: expected 'key: value' lines, found a list"},
        {"seed: 1\n---\nseed: 2\n", "2:1: expected one document, found another"},
        {"%YAML 1.1\n---\nseed: 1\n",
         "1:1: expected a key, found a directive ('%'): directives are not supported"},
        {"%TAG ! tag:x,2000:\n---\nseed: 1\n",
         "1:1: expected a key, found a directive ('%'): directives are not supported"},
        {"? [a]\n: 1\n", "1:3: expected a key, found a list"},
        {"? {a: 1}\n: 1\n", "1:3: expected a key, found a mapping"},
        {"seeds: [1", "2:1: expected YAML: while parsing a flow sequence, did not find expected ',' or ']'"},
        {"seed: 1: 2", "1:8: expected YAML: mapping values are not allowed in this context"},
        {"\tseed: 1\n", "1:1: expected spaces, found a tab in the indentation"},
        {"seeds:\n\t- 1\n", "2:1: expected spaces, found a tab in the indentation"},
        {"epochs: 3\nseed: \xff\n",
         "2:7: expected UTF-8 text, found byte 0xff, which is '\u00ff' in Latin-1; save the file as UTF-8"},
        {"epochs: 3 # K\xf6rner",
         "1:14: expected UTF-8 text, found byte 0xf6, which is '\u00f6' in Latin-1; save the file as UTF-8"},
        {"# \x80 1", "1:3: expected UTF-8 text, found byte 0x80; save the file as UTF-8"},
        {"\xff\xfe#", "1:1: expected UTF-8 text, found UTF-16; save the file as UTF-8"},
        {"seed: 1\nepochs: \x01",
         "2:9: expected UTF-8 text, found byte 0x01: control characters are not allowed"},
        {"seeds: [1\n",
         "2:1: expected YAML: while parsing a flow sequence, did not find expected ',' or ']'"},
        {"conv2channels: 3", "1:1: unknown key 'conv2channels'; did you mean 'conv2_channels'?"},
        {"epochs: 0b1", "1:9: key 'epochs': expected an integer in 1..10000, found '0b1'"},
        {"memory_budgets_mb:\n  -\n  - 2",
         "2:4: key 'memory_budgets_mb': expected a number in 1e-06..1e+06, found nothing"},
        {"memory_budgets_mb:\n  - \"1\\0\"",
         "2:5: key 'memory_budgets_mb': expected a number in 1e-06..1e+06, found the quoted text '1?'"},
        {"\xef\xbb\xbf"
         "epoch: 3",
         "1:1: unknown key 'epoch'; did you mean 'epochs'?"},
        {"# \u00a0\nepochs: 3\u00a0", "2:10: found a no-break space (U+00A0), which looks like a space or "
                                      "like nothing; write a space or remove it"},
        {"epochs:\u00a03\nseed: 4", "1:8: found a no-break space (U+00A0), which looks like a space or like "
                                    "nothing; write a space or remove it"},
        {"\u200bepochs: 3", "1:1: found a zero-width space (U+200B), which looks like a space or like "
                            "nothing; write a space or remove it"},
        {"epochs: x # a\u00a0b", "1:9: key 'epochs': expected an integer in 1..10000, found 'x'"},
        {"learning_rate: 1_0.5", "1:16: key 'learning_rate': expected a number in 1e-09..10, found '1_0.5'; "
                                 "write a number as 1000, 0.001 or 1e-3"},
        {"epochs: 3 # \xc3\xa9 \x01\n",
         "1:15: expected UTF-8 text, found byte 0x01: control characters are not allowed"},

        /* keys */
        {"epoch: 1", "1:1: unknown key 'epoch'; did you mean 'epochs'?"},
        {"seed: 1\n  \nlearning_rat: 1", "3:1: unknown key 'learning_rat'; did you mean 'learning_rate'?"},
        {"Seed: 1", "1:1: unknown key 'Seed'; did you mean 'seed'?"},
        {"color: red", "1:1: unknown key 'color'; 'eo-config --help' lists all keys"},
        {"? ''\n: 1\n", "1:3: unknown key ''; 'eo-config --help' lists all keys"},
        {"\"seed\\0\": 1", "1:1: unknown key 'seed?'; did you mean 'seed'?"},
        {"\"a\\nb\\x1b\\x9b\": 1", "1:1: unknown key 'a?b?\?'; 'eo-config --help' lists all keys"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9zzzzzzzzz: 1",
         "1:1: unknown key 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'; 'eo-config --help' "
         "lists all "
         "keys"},
        {"seed: 1\nepochs: 1\nseed: 1", "3:1: duplicate key 'seed', given in line 1 already"},
        {"seeds: [1]\nseed: 1",
         "1:1: key 'seeds': expected either 'seed' or 'seeds', found 'seed' in line 2 too"},

        /* what would make a value depend on something else */
        {"epochs: &a 3", "1:9: expected a value, found an anchor ('&'): anchors are not supported"},
        {"seeds: &a [3]", "1:8: expected a value, found an anchor ('&'): anchors are not supported"},
        {"&a seed: 3", "1:1: expected a value, found an anchor ('&'): anchors are not supported"},
        {"&a\nseed: 3", "1:1: expected a value, found an anchor ('&'): anchors are not supported"},
        {"epochs: *a", "1:9: expected a value, found an alias ('*'): aliases are not supported"},
        {"epochs: !!int 3", "1:9: expected a value, found a tag ('!'): tags are not supported"},
        {"epochs: ! 3", "1:9: expected a value, found a tag ('!'): tags are not supported"},
        {"seeds: !x [3]", "1:8: expected a value, found a tag ('!'): tags are not supported"},
        {"!x\nseed: 3", "1:1: expected a value, found a tag ('!'): tags are not supported"},
        {"<<: {seed: 3}", "1:1: expected a key, found '<<': merge keys are not supported"},

        /* integers */
        {"seed: 1\n\nepochs: -1", "3:9: key 'epochs': expected an integer in 1..10000, found '-1'"},
        {"epochs: 0", "1:9: key 'epochs': expected an integer in 1..10000, found '0'"},
        {"epochs: 10001", "1:9: key 'epochs': expected an integer in 1..10000, found '10001'"},
        {"epochs: 2.9", "1:9: key 'epochs': expected an integer in 1..10000, found '2.9'"},
        {"epochs: 2.0", "1:9: key 'epochs': expected an integer in 1..10000, found '2.0'"},
        {"epochs: 012", "1:9: key 'epochs': expected an integer in 1..10000, found '012'; write a number as "
                        "1000, 0.001 or 1e-3"},
        {"epochs: 0x10", "1:9: key 'epochs': expected an integer in 1..10000, found '0x10'; write a number "
                         "as 1000, 0.001 or 1e-3"},
        {"epochs: 1_000", "1:9: key 'epochs': expected an integer in 1..10000, found '1_000'; write a number "
                          "as 1000, 0.001 or 1e-3"},
        {"epochs: three", "1:9: key 'epochs': expected an integer in 1..10000, found 'three'"},
        {"epochs: \"3\"", "1:9: key 'epochs': expected an integer in 1..10000, found the quoted text '3'"},
        {"epochs: |\n  3\n",
         "1:9: key 'epochs': expected an integer in 1..10000, found the quoted text '3?'"},
        {"epochs:",
         "1:8: key 'epochs': expected an integer in 1..10000, found nothing; leave the key out for its "
         "default, 2"},
        {"epochs: null",
         "1:9: key 'epochs': expected an integer in 1..10000, found 'null'; leave the key out for "
         "its default, 2"},
        {"active_memory_budget_mb: null", "1:26: key 'active_memory_budget_mb': expected a number in "
                                          "1e-06..1e+06, found 'null'; write 1e6 to accept "
                                          "every candidate"},
        {"memory_budgets_mb: ~",
         "1:20: key 'memory_budgets_mb': expected a list, found '~'; leave the key out for its default"},
        {"memory_budgets_mb: [~]",
         "1:21: key 'memory_budgets_mb': expected a number in 1e-06..1e+06, found '~'"},
        {"pruning_levels: [null]",
         "1:18: key 'pruning_levels': expected a number in 0..0.999 with at most 6 decimals, found 'null'"},
        {"device: ''", "1:9: key 'device': expected cpu, found the quoted text ''; leave the key out for its "
                       "default, cpu"},
        {"seeds:", "1:7: key 'seeds': expected a list, found nothing; leave the key out"},
        {"epochs: [3]", "1:9: key 'epochs': expected an integer in 1..10000, found a list"},
        {"epochs: {a: 3}", "1:9: key 'epochs': expected an integer in 1..10000, found a mapping"},
        {"job_minutes: 0", "1:14: key 'job_minutes': expected an integer in 1..100000 or null, found '0'"},
        {"train_subset: 0", "1:15: key 'train_subset': expected an integer in 1..1000000 or null, found '0'"},
        {"val_subset: ''",
         "1:13: key 'val_subset': expected an integer in 1..1000000 or null, found the quoted text ''"},
        {"val_subset: nULL",
         "1:13: key 'val_subset': expected an integer in 1..1000000 or null, found 'nULL'"},
        {"batch_size: None",
         "1:13: key 'batch_size': expected an integer in 1..4096, found 'None'; leave the key "
         "out for its default, 128"},
        {"seed: 18446744073709551616",
         "1:7: key 'seed': expected an integer in 0..18446744073709551615, found '18446744073709551616'"},
        {"seed: -1", "1:7: key 'seed': expected an integer in 0..18446744073709551615, found '-1'"},

        /* numbers */
        {"power_watts: 0", "1:14: key 'power_watts': expected a number in 1e-06..1e+06, found '0'"},
        {"power_watts: .nan", "1:14: key 'power_watts': expected a number in 1e-06..1e+06, found '.nan'"},
        {"power_watts: nan", "1:14: key 'power_watts': expected a number in 1e-06..1e+06, found 'nan'"},
        {"power_watts: inf", "1:14: key 'power_watts': expected a number in 1e-06..1e+06, found 'inf'"},
        {"power_watts: 1e999", "1:14: key 'power_watts': expected a number in 1e-06..1e+06, found '1e999'"},
        {"power_watts: 5,0", "1:14: key 'power_watts': expected a number in 1e-06..1e+06, found '5,0'; write "
                             "a number as 1000, 0.001 or 1e-3"},
        {"active_memory_budget_mb: -1",
         "1:26: key 'active_memory_budget_mb': expected a number in 1e-06..1e+06, found '-1'"},
        {"peak_compute_gmacs: 0",
         "1:21: key 'peak_compute_gmacs': expected a number in 1e-06..1e+09 or null, found '0'"},

        /* words */
        {"pareto_use_ci: yes", "1:16: key 'pareto_use_ci': expected true or false, found 'yes'"},
        {"pareto_use_ci: on", "1:16: key 'pareto_use_ci': expected true or false, found 'on'"},
        {"pareto_use_ci: tRUE", "1:16: key 'pareto_use_ci': expected true or false, found 'tRUE'"},
        {"latency_statistic: p95",
         "1:20: key 'latency_statistic': expected one of " EO_LATENCY_STATISTICS(LISTED) "found 'p95'"},
        {"recommend: best",
         "1:12: key 'recommend': expected one of " EO_RECOMMEND_RULES(LISTED) "found 'best'"},
        {"pareto_use_ci: 1", "1:16: key 'pareto_use_ci': expected true or false, found '1'"},
        {"pareto_use_ci: 'true'",
         "1:16: key 'pareto_use_ci': expected true or false, found the quoted text 'true'"},
        {"model: SmallCNN", "1:8: key 'model': expected one of smallcnn, lenet5, mlp, resnet8, ds-cnn, "
                            "mobilenet-v1-0.25, or a list of layers, found 'SmallCNN'"},
        {"model: []", "1:8: key 'model': expected a list of at least one layer, found an empty one"},
        {"model: [conv]",
         "1:9: key 'model': entry 1: expected a mapping, as {conv: 16, kernel: 3, relu: true}, "
         "found 'conv'"},
        {"model: [{mean: true}]",
         "1:20: key 'model': entry 1: expected conv, depthwise or linear, found none"},
        {"model: [{conv: 4, kernel: 3},\n  {conv: 4, kernal: 3}]",
         "2:13: key 'model': entry 2: expected one of conv, depthwise, linear, name, kernel, stride, "
         "padding, from, "
         "batch_norm, add, relu, relu6, max, average, mean, found 'kernal'"},
        {"model: [{conv: 4, relu: 1}]", "1:25: key 'model': entry 1: expected true or false, found '1'"},
        {"model: [{conv: 4, conv: 5}]", "1:19: key 'model': entry 1: expected each word once, found 'conv'"},
        {"model: [{conv: 4 4}]", "1:16: key 'model': entry 1: expected a word of at most 31 letters, digits "
                                 "and any of ._,/, found '4 4'"},
        {"model: [{conv: 4, kernel: 3, relu: \"true\"}]",
         "1:36: key 'model': entry 1: expected true or false, found the quoted text 'true'"},
        {"model: [{\"conv\": 4}]",
         "1:10: key 'model': entry 1: expected one of conv, depthwise, linear, name, kernel, stride, "
         "padding, from, batch_norm, add, relu, relu6, max, average, mean, found the quoted text 'conv'"},
        {"model: [{conv: , kernel: 3}]", "1:16: key 'model': entry 1: expected a word of at most 31 letters, "
                                         "digits and any of ._,/, found nothing"},
        {"model: [{conv: [4], kernel: 3}]", "1:16: key 'model': entry 1: expected a word of at most 31 "
                                            "letters, digits and any of ._,/, found a list"},
        {"model: [{conv: 4, kernel: 3, name: a2345678901234567890123456789012}]",
         "1:36: key 'model': entry 1: expected a word of at most 31 letters, digits and any of ._,/, found "
         "'a2345678901234567890123456789012'"},
        {"model: [{conv: 4, kernel: 3, padding: []}]",
         "1:40: key 'model': entry 1: expected four numbers, found the end of the list"},
        {"model: [{conv: 4, kernel: 3, padding: [1 1]}]",
         "1:40: key 'model': entry 1: expected a word of at most 31 letters, digits and any of ._,/, found "
         "'1 1'"},
        {"model: [{conv: 4, kernel: 3, padding: [1, *x]}]",
         "1:43: expected a value, found an alias ('*'): aliases are not supported"},
        {"model: [{conv: 4, kernel: 3, padding: [1000000000, 1000000000, 1000000000]}]",
         "1:64: key 'model': entry 1: expected four numbers, found '1000000000'"},
        {"model: [{conv: *x}]", "1:16: expected a value, found an alias ('*'): aliases are not supported"},
        {"model: [{*x : 4}]", "1:10: expected a value, found an alias ('*'): aliases are not supported"},
        {"model: [*x]", "1:9: expected a value, found an alias ('*'): aliases are not supported"},
        {"model: [{conv: 4, kernel: 3}, {kernel: 3}]",
         "1:41: key 'model': entry 2: expected each word once, counting those of the layer before, which it "
         "continues, found 'kernel' again"},
        {"model: [{conv: 4, kernel: 3}, {conv: 8, relu: true}, {linear: 4}]",
         "1:31: key 'model': layer 'conv2': expected 'kernel' beside 'conv', found none"},
        {"model: [{depthwise: 16, kernel: 3, name: dw}]",
         "1:9: key 'model': layer 'dw': expected the kernel as the value of 'depthwise', which has as many outputs as "
         "inputs, found 'kernel' beside it"},
        {"model: [{conv: 4, kernel: 3, linear: 4}]",
         "1:9: key 'model': layer 'conv1': expected one operation, found conv and linear"},
        {"model: [{conv: 4, kernel: 3}, {relu6: true, relu: true}, {linear: 4}]",
         "1:9: key 'model': layer 'conv1': expected one activation, found relu and relu6"},
        {"model: [{conv: 4, kernel: 3}, {max: 2}, {mean: true}, {linear: 4}]",
         "1:9: key 'model': layer 'conv1': expected one pooling, found max and mean"},
        {"model: [{conv: 4, kernel: [3, 3]}]",
         "1:27: key 'model': entry 1: expected a number, or height and width as in 3x5, found a list"},
        {"model: [{depthwise: 3 x 3}]",
         "1:21: key 'model': entry 1: expected a number, or height and width as in 3x5, found '3 x 3'"},
        {"model: [{linear: 4}, {mean: true}, {linear: 2}]",
         "1:9: key 'model': layer 'linear1': expected no 'mean' in a linear layer, found it"},
        {"model: [{linear: 4, kernel: 3}]",
         "1:9: key 'model': layer 'classifier': expected no 'kernel' in a linear layer, found it"},
        {"model: [{linear: 4, stride: 2}]",
         "1:9: key 'model': layer 'classifier': expected no 'stride' in a linear layer, found it"},
        {"model: [{linear: 4, padding: 1}]",
         "1:9: key 'model': layer 'classifier': expected no 'padding' in a linear layer, found it"},
        {"model: [{linear: 4, max: 2}]",
         "1:9: key 'model': layer 'classifier': expected no 'max' in a linear layer, found it"},
        {"model: [{linear: 4, average: 2}]",
         "1:9: key 'model': layer 'classifier': expected no 'average' in a linear layer, found it"},
        {"model: [{conv: 4, kernel: 3, stride: [2, 2]}]",
         "1:38: key 'model': entry 1: expected a number, or height and width as in 3x5, found a list"},
        {"model: [{conv: 4, kernel: 3}, {relu: true}, {linear: 4, relu: 1}]",
         "1:63: key 'model': entry 3: expected true or false, found '1'"},
        {"model: \"a: conv \\\\ 3\"",
         "1:8: key 'model': expected one of smallcnn, lenet5, mlp, resnet8, ds-cnn, mobilenet-v1-0.25, or a "
         "list of layers, found the quoted text 'a: conv \\ 3'"},
        {"active_device: a b",
         "1:16: key 'active_device': expected the name of a board of devices or null, found 'a b'"},
        {"devices: [a2345678901234567890123456789012345678901234567890123456789012345]",
         "1:11: key 'devices': expected the name of a board or a mapping that begins with 'name', found "
         "'a2345678901234567890123456789012345678901234567890123456...'"},
        {"devices: ['']", "1:11: key 'devices': expected the name of a board or a mapping that begins with "
                          "'name', found the quoted text ''"},
        {"devices: [{name: *x}]", "1:18: expected a value, found an alias ('*'): aliases are not supported"},
        {"devices: [{*x : b}]", "1:12: expected a value, found an alias ('*'): aliases are not supported"},
        {"devices: [RP2040]\nactive_device: RP2040\nmax_energy_mj: 3",
         "3:1: key 'max_energy_mj': expected 'cycles_per_instruction' of the active device, found none: "
         "measure it and give it in devices"},
        {"width: 0", "1:8: key 'width': expected a number in 0.01..16, found '0'"},
        {"model: \"smallcnn\\0x\"",
         "1:8: key 'model': expected one of smallcnn, lenet5, mlp, resnet8, ds-cnn, mobilenet-v1-0.25, or a "
         "list of layers, found the quoted text 'smallcnn?x'"},
        {"device: cuda", "1:9: key 'device': expected cpu, found 'cuda'; this program runs on the CPU only"},
        {"device: mps", "1:9: key 'device': expected cpu, found 'mps'; this program runs on the CPU only"},
        {"dataset: cifar",
         "1:10: key 'dataset': expected one of synthetic, mnist, fashion-mnist, idx, found 'cifar'"},
        {"validation: none",
         "1:13: key 'validation': expected one of " EO_VALIDATIONS(LISTED) "found 'none'"},
        {"quantization_backend: x86",
         "1:23: key 'quantization_backend': expected one of " EO_BACKENDS(LISTED) "found 'x86'"},

        /* lists */
        {"pruning_levels: 0.5", "1:17: key 'pruning_levels': expected a list, found '0.5'"},
        {"pruning_levels: []",
         "1:17: key 'pruning_levels': expected a list of at least one entry, found an empty one"},
        {"pruning_levels: [0.5, 1.0]",
         "1:23: key 'pruning_levels': expected a number in 0..0.999 with at most 6 "
         "decimals, found '1.0'"},
        {"pruning_levels: [0.1234567]",
         "1:18: key 'pruning_levels': expected a number in 0..0.999 with at most 6 "
         "decimals, found '0.1234567'"},
        {"pruning_levels: [[[0.5]]]",
         "1:19: key 'pruning_levels': expected a number in 0..0.999 with at most 6 "
         "decimals, found a list"},
        {"pruning_levels: [[]]", "1:18: key 'pruning_levels': a level list that does not fit the network: "
                                 "expected 2 to 16 entries, one for each space of channels, found 0"},
        {"pruning_levels: [0.5,\n  [0.5]]", "2:3: key 'pruning_levels': a level list that does not fit the "
                                            "network: expected 2 to 16 entries, one for each space of "
                                            "channels, found 1"},
        {"model: lenet5\npruning_levels: [[0.5, 0.1, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]",
         "2:18: key 'pruning_levels': a level list that does not fit the network: expected 2 to 16 entries, "
         "one for each space of channels, found 17"},
        {"pruning_levels: [[0.5, 0.1, 0.2, 0.3]]", "1:17: key 'pruning_levels': a level list that does not "
                                                   "fit the network: expected two entries, of conv1 and "
                                                   "of conv2, found 4"},
        {"pruning_levels: [[0.5, 1]]",
         "1:24: key 'pruning_levels': expected a number in 0..0.999 with at most 6 decimals, found '1'"},
        {"pruning_levels: [[0.5, '0.1']]", "1:24: key 'pruning_levels': expected a number in 0..0.999 with "
                                           "at most 6 decimals, found the quoted text "
                                           "'0.1'"},
        {"pruning_levels: [[0.5, 0.1\\0]]",
         "1:24: key 'pruning_levels': expected a number in 0..0.999 with at most 6 decimals, found '0.1\\0'"},
        {"pruning_levels: [0.25x0.5]", "1:18: key 'pruning_levels': expected a number in 0..0.999 with at "
                                       "most 6 decimals, found '0.25x0.5'"},
        {"pruning_levels: [[0.1, 0.5], 0.5, [0.1, 0.50]]",
         "1:35: key 'pruning_levels': expected different entries, found a list that equals an earlier one"},
        {"pruning_levels: [0.5, [0.5, 0.5]]",
         "1:23: key 'pruning_levels': expected different entries, found a list that equals an earlier one"},
        {"pruning_levels: [[0.5, 0.5], 0.5]",
         "1:30: key 'pruning_levels': expected different entries, found '0.5'"},
        {"precisions: [[fp32, int8]]",
         "1:14: key 'precisions': expected one of " EO_PRECISIONS(LISTED) "found a list"},
        {"pruning_levels: [a: 1]", "1:18: key 'pruning_levels': expected a number in 0..0.999 with at most 6 "
                                   "decimals, found a mapping"},
        {"pruning_levels: [0.5, 0.50]",
         "1:23: key 'pruning_levels': expected different entries, found '0.50'"},
        {"pruning_levels: [0, -0.0]", "1:21: key 'pruning_levels': expected different entries, found '-0.0'"},
        {"precisions: [fp32, bf16]",
         "1:20: key 'precisions': expected one of " EO_PRECISIONS(LISTED) "found 'bf16'"},
        {"precisions: [fp32, fp32]", "1:20: key 'precisions': expected different entries, found 'fp32'"},
        {"precisions: [fp32, fp16, int8, int4, mixed, fp32]",
         "1:45: key 'precisions': expected at most 5 entries, found more"},
        {"seeds: [1, 1]", "1:12: key 'seeds': expected different entries, found '1'"},
        {"seeds: 1", "1:8: key 'seeds': expected a list, found '1'"},
        {"memory_budgets_mb: [1.0, 1]",
         "1:26: key 'memory_budgets_mb': expected different entries, found '1'"},
        {"memory_budgets_mb: [1.0, ~]",
         "1:26: key 'memory_budgets_mb': expected a number in 1e-06..1e+06, found '~'"},

        /* paths */
        {"epochs: 3\ndata_dir: x",
         "2:1: key 'data_dir': expected 'dataset: idx' beside it, found 'synthetic'"},
        {"pruning_scope: global\npruning_levels: [0.5, [0.25, 0.5]]",
         "2:17: key 'pruning_levels': expected one number per level beside 'pruning_scope: global', found "
         "0.25x0.50"},
        {"pruning_levels: [[0, 0.5]]\npruning_scope: global",
         "1:17: key 'pruning_levels': expected one number per level beside 'pruning_scope: global', found "
         "0.00x0.50"},
        {"data_dir: -x", "1:11: key 'data_dir': expected a path of at most 255 bytes: letters of any script, "
                         "digits and any of ._+-/, "
                         "found '-x'; Make cannot handle other characters"},
        {"output_dir: my out",
         "1:13: key 'output_dir': expected a path of at most 255 letters, digits and any of "
         "._+-/, found 'my out'; Make cannot handle other characters"},
        {"output_dir: $(HOME)/x",
         "1:13: key 'output_dir': expected a path of at most 255 letters, digits and any of "
         "._+-/, found '$(HOME)/x'; Make cannot handle other characters"},
        {"output_dir: "
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "1:13: key 'output_dir': expected a path of at most 255 letters, digits and any of ._+-/, found "
         "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'; "
         "Make cannot handle other characters"},
        {"output_dir: ''",
         "1:13: key 'output_dir': expected a path of at most 255 letters, digits and any of "
         "._+-/, found the quoted text ''; leave the key out for out/<name of the file>"},
        {"class_names: a", "1:14: key 'class_names': expected a list, found 'a'"},
        {"class_names: [a, b, a]", "1:21: key 'class_names': expected different entries, found 'a'"},
        {"class_names: ['']",
         "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, backslashes "
         "and spaces at its ends, found the quoted text ''"},
        {"class_names: ['a\"b']", "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, "
                                  "backslashes and spaces at its ends, found the quoted text 'a\"b'"},
        {"class_names: [\"a\\tb\"]",
         "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, "
         "backslashes and spaces at its ends, found the quoted text 'a?b'"},
        {"class_names: [\"a\\x7f\"]",
         "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, "
         "backslashes and spaces at its ends, found the quoted text 'a?'"},
        {"class_names: [a\\b]", "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, "
                                "backslashes and spaces at its ends, found 'a\\b'"},
        {"class_names: [' a']", "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, "
                                "backslashes and spaces at its ends, found the quoted text ' a'"},
        {"class_names: ['a ']", "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, "
                                "backslashes and spaces at its ends, found the quoted text 'a '"},
        {"class_names: [a23456789012345678901234567890b2]",
         "1:15: key 'class_names': expected a name of 1 to 31 bytes without quotes, backslashes and spaces "
         "at "
         "its ends, found 'a23456789012345678901234567890b2'"},
        {"input_std: 0", "1:12: key 'input_std': expected a number in 0.001..1000, found '0'"},
        {"input_mean: [0, 0, 0]\ninput_std: [1, 1]",
         "2:12: key 'input_std': expected 1 number, or 3 as in 'input_mean', found 2"},
        {"output_dir: .",
         "1:13: key 'output_dir': expected a folder without empty, '.' and '..' components, found '.'"},
        {"output_dir: /",
         "1:13: key 'output_dir': expected a folder without empty, '.' and '..' components, found '/'"},
        {"output_dir: ./out",
         "1:13: key 'output_dir': expected a folder without empty, '.' and '..' components, found './out'"},
        {"output_dir: a/../b",
         "1:13: key 'output_dir': expected a folder without empty, '.' and '..' components, found 'a/../b'"},
        {"output_dir: a//b",
         "1:13: key 'output_dir': expected a folder without empty, '.' and '..' components, found 'a//b'"},
        {"output_dir: /home",
         "1:13: key 'output_dir': expected a folder below another, found '/home', which 'make "
         "clean' would remove"},
        {"output_dir: out",
         "1:13: key 'output_dir': expected a folder of its own, found 'out', which is reserved for "
         "programs and objects"},
        {"output_dir: out/bin",
         "1:13: key 'output_dir': expected a folder of its own, found 'out/bin', which is "
         "reserved for programs and objects"},
        {"output_dir: build/x",
         "1:13: key 'output_dir': expected a folder of its own, found 'out/build/x', which is "
         "reserved for programs and objects"},
    };
    struct eo_config cfg;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct eo_err err = {"(accepted)"};
        int rc = parse(&cfg, cases[i][0], &err);

        check_input("refused", cases[i][0], cases[i][1], err.msg);
        check("a refusal returns -1", rc == -1);
    }
}

/* Each key takes null, or says what to do instead: nothing that it is given is passed over. */
static void test_null(void)
{
    static const char *const nothing[] = {"", "~", "null", "None"};

    for (int i = 0; i < eo_key_count; i++) {
        const struct eo_key *k = &eo_keys[i];

        for (size_t n = 0; n < COUNT(nothing); n++) {
            struct eo_err err = {""};
            struct eo_config cfg;
            char line[100];
            int rc;

            snprintf(line, sizeof(line), "%s: %s", k->name, nothing[n]);
            rc = parse(&cfg, line, &err);
            check_that(k->nullable ? !rc
                                   : rc && strstr(err.msg, k->instead ? k->instead : "; leave the key out"),
                       "null, input:\n%s\nfound:\n%s", line, err.msg);
        }
    }
}

/* More layers than the text form has room for, as a list and as text. */
static void test_long_model(void)
{
    struct eo_buf list = {0}, text = {0};
    struct eo_config cfg;
    struct eo_err err = {""};

    eo_buf_puts(&list, "model: [");
    eo_buf_puts(&text, "model: \"");
    for (int i = 0; i < 500; i++) {
        eo_buf_puts(&list, "{conv: 4, kernel: 1}, ");
        eo_buf_puts(&text, "a: conv 4 1x1 pad 0; ");
    }
    eo_buf_puts(&list, "{linear: classes}]");
    eo_buf_puts(&text, "\"");
    check("a long list", eo_config_parse(&cfg, list.data, list.len, &err) == -1);
    check_input("a long list", "500 layers",
                "1:8: key 'model': expected layers of at most 8191 bytes as text, found more", err.msg);
    check("a long text", eo_config_parse(&cfg, text.data, text.len, &err) == -1);
    eo_buf_release(&list);
    eo_buf_release(&text);
}

static void test_nul_and_size(void)
{
    static char big[65537], many[64 * 8];
    struct eo_config cfg;
    struct eo_err err = {""};

    check("a NUL byte is refused", eo_config_parse(&cfg, "seed: \0001", 8, &err) == -1);
    check_input("NUL", "seed: \\0 1",
                "1:7: expected UTF-8 text, found byte 0x00: control characters are not allowed", err.msg);
    memset(big, '\n', sizeof(big));
    memcpy(big, "seed: 1", 7);
    check("64 KiB are read", eo_config_parse(&cfg, big, 65536, &err) == 0);
    check("one byte more is refused", eo_config_parse(&cfg, big, 65537, &err) == -1);
    check_input("size", "(65537 bytes)", "expected at most 65536 bytes, found 65537", err.msg);

    memset(big, '[', sizeof(big));
    check("deep nesting is refused", eo_config_parse(&cfg, big, 65536, &err) == -1);

    strcpy(many, "seeds: [0");
    for (int i = 1; i < 64; i++)
        sprintf(many + strlen(many), ",%d", i);
    strcat(many, "]");
    check("64 seeds", parse(&cfg, many, &err) == 0 && cfg.seed_count == 64 && cfg.seeds[63] == 63);
    strcpy(many + strlen(many) - 1, ",64]");
    check("65 seeds", parse(&cfg, many, &err) == -1);
    check_input("65 seeds", many, "key 'seeds': expected at most 64 entries, found more",
                strchr(err.msg, 'k'));
}

/* ------------------------------------------------------------------------------------------------------------
 */

static void check_slice(const char *text, enum eo_config_stage stage, int seed_index, const char *expected)
{
    struct eo_buf out = {0};
    struct eo_config cfg;
    struct eo_err err;

    if (parse(&cfg, text, &err))
        eo_buf_puts(&out, err.msg);
    else
        eo_config_slice(&cfg, stage, seed_index, &out);
    check_input(eo_config_stage_name(stage), text, expected, out.data);
    eo_buf_release(&out);
}

static void test_slices(void)
{
    static const char two_seeds[] = "seeds: [5, 9]\nval_subset: 100\n";
    static const char as_original[] = "validation: test\nval_subset: 100\ndataset: idx\ndata_dir: d\n";

    check_slice(two_seeds, EO_STAGE_DATA, 1, "# edge-opt slice: data\ndataset: synthetic\n");
    check_slice(
        two_seeds, EO_STAGE_TRAIN, 1,
        "# edge-opt slice: train\nseed: 9\ndataloader_seed: 9\ndataset: synthetic\nvalidation: holdout\n"
        "train_subset: null\nval_subset: 100\nmodel: smallcnn\nconv1_channels: 16\nconv2_channels: 32\n"
        "batch_size: 128\nepochs: 2\nlearning_rate: 0.001\nlearning_rate_schedule: constant\n"
        "warmup_epochs: 0.0\nweight_decay: 0.0\nlabel_smoothing: 0.0\naugment_shift: 0\naugment_flip: false\n"
        "early_stopping: 0\n");
    check_slice(
        two_seeds, EO_STAGE_FINETUNE, 0,
        "# edge-opt slice: finetune\nseed: 5\ndataloader_seed: 5\ndataset: synthetic\nvalidation: holdout\n"
        "train_subset: null\nval_subset: 100\nmodel: smallcnn\nbatch_size: 128\nfine_tune_epochs: "
        "0\nfine_tune_unpruned: true\n"
        "learning_rate: 0.001\nfine_tune_learning_rate: null\nlearning_rate_schedule: constant\n"
        "warmup_epochs: 0.0\nweight_decay: 0.0\nlabel_smoothing: 0.0\naugment_shift: 0\naugment_flip: false\n"
        "early_stopping: 0\nprune_steps: 1\n");
    check_slice(
        "seeds: [5, 9]\ndataloader_seed: 1", EO_STAGE_FINETUNE, 1,
        "# edge-opt slice: finetune\nseed: 9\ndataloader_seed: 1\ndataset: synthetic\nvalidation: holdout\n"
        "train_subset: null\nval_subset: null\nmodel: smallcnn\nbatch_size: 128\nfine_tune_epochs: "
        "0\nfine_tune_unpruned: true\n"
        "learning_rate: 0.001\nfine_tune_learning_rate: null\nlearning_rate_schedule: constant\n"
        "warmup_epochs: 0.0\nweight_decay: 0.0\nlabel_smoothing: 0.0\naugment_shift: 0\naugment_flip: false\n"
        "early_stopping: 0\nprune_steps: 1\n");
    check_slice(
        "pruning_levels: [[0.5, 0.5]]\npruning_criterion: [l2, random]\npruning_scope: global\nprune_steps: "
        "3",
        EO_STAGE_PRUNE, 0,
        "# edge-opt slice: prune\nseed: 7\ndataset: synthetic\nvalidation: holdout\ntrain_subset: null\n"
        "val_subset: null\nbatch_size: 128\npruning_scope: global\nprune_steps: 3\nchannel_multiple: 1\n"
        "pruning_images: 1024\n");
    check_slice(
        as_original, EO_STAGE_QUANT, 0,
        "# edge-opt slice: quant\nseed: 7\ndataloader_seed: 7\ndataset: idx\nvalidation: test\n"
        "train_subset: null\nval_subset: null\nbatch_size: 128\nlearning_rate: 0.001\n"
        "learning_rate_schedule: constant\n"
        "warmup_epochs: 0.0\nweight_decay: 0.0\nlabel_smoothing: 0.0\naugment_shift: 0\naugment_flip: false\n"
        "early_stopping: 0\n"
        "qat_epochs: 0\nqat_learning_rate: null\nquantization_backend: fbgemm\ncalibration_batches: 8\n"
        "quantization_observer: histogram\nobserver_percentile: 99.99\nweight_granularity: backend\n"
        "bias_correction: false\ncross_layer_equalization: false\n");
    check_slice(as_original, EO_STAGE_DATA, 0, "# edge-opt slice: data\ndataset: idx\ndata_dir: d\n");
    check_slice(as_original, EO_STAGE_EVAL, 0,
                "# edge-opt slice: eval\nseed: 7\ndataset: idx\nvalidation: test\nval_subset: 100\n");
    check_slice(
        "epochs: 1", EO_STAGE_BENCH, 0,
        "# edge-opt slice: bench\nseed: 7\ndataset: synthetic\nvalidation: holdout\nval_subset: null\n"
        "batch_size: 128\nbenchmark_repeats: 5\nbenchmark_trials: 3\nbenchmark_warmup: 3\nbenchmark_exact: "
        "false\n"
        "benchmark_seconds: 60\nbenchmark_wait: 600\n");
    check_slice("power_watts: 2", EO_STAGE_SELECT, 0,
                "# edge-opt slice: select\npower_watts: 2.0\nmemory_budgets_mb: [0.01, 0.02, 0.05]\n"
                "active_memory_budget_mb: 0.05\n"
                "active_device: null\nmax_latency_ms: null\nmax_energy_mj: null\n"
                "cpu_frequency_scale: 0.7\nlatency_statistic: median\n"
                "recommend: smallest\npareto_use_ci: false\npareto_any_status: true\n");
    /* An integer stays one, as the names of columns follow from it. */
    check_slice("memory_budgets_mb: [1, 2.0]\nlatency_statistic: mean\nrecommend: fastest", EO_STAGE_SELECT,
                0,
                "# edge-opt slice: select\npower_watts: 5.0\nmemory_budgets_mb: [1, 2.0]\n"
                "active_memory_budget_mb: 0.05\n"
                "active_device: null\nmax_latency_ms: null\nmax_energy_mj: null\n"
                "cpu_frequency_scale: 0.7\nlatency_statistic: mean\n"
                "recommend: fastest\npareto_use_ci: false\npareto_any_status: true\n");
    check_slice("peak_compute_gmacs: 64", EO_STAGE_HARDWARE, 0,
                "# edge-opt slice: hardware\nbatch_size: 128\n"
                "memory_bandwidth_gbps: 12.8\npeak_compute_gmacs: 64.0\n");
    check_slice(
        "epochs: 1", EO_STAGE_SUMMARY, 0,
        "# edge-opt slice: summary\nvalidation: holdout\npower_watts: 5.0\n"
        "memory_budgets_mb: [0.01, 0.02, 0.05]\n"
        "active_memory_budget_mb: 0.05\ncpu_frequency_scale: 0.7\nrecommend: smallest\npareto_use_ci: false\n"
        "pareto_any_status: true\n");
}

static void slice_sha256(const struct eo_config *cfg, enum eo_config_stage stage, int k,
                         char text[EO_SHA256_TEXT])
{
    struct eo_err err;

    if (eo_config_slice_sha256(cfg, stage, k, text, &err))
        check("memory for a slice", 0);
}

/* Each line of an experiment, and the stages whose slice its change must reach; all others must stay as they
 * are. */
static void test_reach(void)
{
    static const struct {
        const char *line;
        unsigned stages;
    } cases[] = {
#define BIT(s) (1u << EO_STAGE_##s)
#define LEARNING (BIT(TRAIN) | BIT(FINETUNE) | BIT(QUANT))
#define TRAINING (LEARNING | BIT(PRUNE))
        {"seed: 8", LEARNING | BIT(PRUNE) | BIT(EVAL) | BIT(BENCH) | BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"dataloader_seed: 8", LEARNING | BIT(EXPLORE)},
        {"dataloader_seed: 7", 0},
        {"dataset: mnist", BIT(DATA) | TRAINING | BIT(EVAL) | BIT(BENCH) | BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"dataset: idx\ndata_dir: d", BIT(DATA) | TRAINING | BIT(EVAL) | BIT(BENCH) | BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"validation: test", TRAINING | BIT(EVAL) | BIT(BENCH) | BIT(SUMMARY) | BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"train_subset: 9", TRAINING | BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"val_subset: 9", TRAINING | BIT(EVAL) | BIT(BENCH) | BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"class_names: [a, b]", BIT(DATA) | BIT(EVAL)},
        {"input_mean: 0", BIT(TRAIN) | BIT(EXPLORE)},
        {"input_std: [1, 1, 1]", BIT(TRAIN) | BIT(EXPLORE)},
        {"conv1_channels: 9", BIT(TRAIN) | BIT(EXPLORE)},
        {"conv2_channels: 9", BIT(TRAIN) | BIT(EXPLORE)},
        {"batch_size: 9", TRAINING | BIT(BENCH) | BIT(HARDWARE) | BIT(EXPLORE)},
        {"epochs: 9", BIT(TRAIN)},
        {"fine_tune_epochs: 9", BIT(FINETUNE)},
        {"fine_tune_unpruned: false", BIT(FINETUNE)},
        {"learning_rate: 0.9", LEARNING | BIT(EXPLORE)},
        {"fine_tune_learning_rate: 0.9", BIT(FINETUNE) | BIT(EXPLORE)},
        {"learning_rate_schedule: cosine", LEARNING | BIT(EXPLORE)},
        {"warmup_epochs: 0.5", LEARNING | BIT(EXPLORE)},
        {"weight_decay: 0.01", LEARNING | BIT(EXPLORE)},
        {"label_smoothing: 0.1", LEARNING | BIT(EXPLORE)},
        {"augment_shift: 2", LEARNING | BIT(EXPLORE)},
        {"augment_flip: true", LEARNING | BIT(EXPLORE)},
        {"early_stopping: 2", LEARNING | BIT(EXPLORE)},
        {"teacher: some/file", LEARNING | BIT(EXPLORE)},
        {"teacher: base", BIT(FINETUNE) | BIT(QUANT) | BIT(EXPLORE)},
        {"teacher: some/file\ndistillation_weight: 0.5", LEARNING | BIT(EXPLORE)},
        {"teacher: base\ndistillation_temperature: 2", BIT(FINETUNE) | BIT(QUANT) | BIT(EXPLORE)},
        {"qat_epochs: 1", BIT(QUANT) | BIT(EXPLORE)},
        {"qat_learning_rate: 0.1", BIT(QUANT) | BIT(EXPLORE)},
        {"pruning_levels: [0.9]", 0},
        {"pruning_criterion: taylor", BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"pruning_scope: global", BIT(PRUNE)},
        {"prune_steps: 2", BIT(PRUNE) | BIT(FINETUNE)},
        {"channel_multiple: 4", BIT(PRUNE) | BIT(SENSITIVITY)},
        {"pruning_images: 99", BIT(PRUNE) | BIT(SENSITIVITY) | BIT(EXPLORE)},
        {"precisions: [fp16]", BIT(EXPLORE)},
        {"quantization_backend: qnnpack", BIT(QUANT) | BIT(EXPLORE)},
        {"calibration_batches: 9", BIT(QUANT) | BIT(EXPLORE)},
        {"quantization_observer: entropy", BIT(QUANT) | BIT(EXPLORE)},
        {"observer_percentile: 99", BIT(QUANT) | BIT(EXPLORE)},
        {"weight_granularity: tensor", BIT(QUANT) | BIT(EXPLORE)},
        {"mixed_weights_kb: 9.5", BIT(QUANT) | BIT(EXPLORE)},
        {"bias_correction: true", BIT(QUANT) | BIT(EXPLORE)},
        {"cross_layer_equalization: true", BIT(QUANT) | BIT(EXPLORE)},
        {"rounding: adaptive", BIT(QUANT) | BIT(EXPLORE)},
        {"explore_widths: [1-4]", BIT(EXPLORE)},
        {"explore_from: scratch", BIT(EXPLORE)},
        {"explore_epochs: 9", BIT(EXPLORE)},
        {"explore_images: 9", BIT(EXPLORE)},
        {"explore_way: halving", BIT(EXPLORE)},
        {"explore_rungs: 3", BIT(EXPLORE)},
        {"explore_growth: 9", BIT(EXPLORE)},
        {"explore_reduction: 3", BIT(EXPLORE)},
        {"benchmark_repeats: 9", BIT(BENCH)},
        {"benchmark_trials: 9", BIT(BENCH)},
        {"benchmark_warmup: 9", BIT(BENCH)},
        {"benchmark_exact: true", BIT(BENCH)},
        {"benchmark_seconds: 5", BIT(BENCH)},
        {"benchmark_wait: 5", BIT(BENCH)},
        {"power_watts: 9", BIT(SELECT) | BIT(SUMMARY)},
        {"memory_budgets_mb: [9]", BIT(SELECT) | BIT(SUMMARY)},
        {"active_memory_budget_mb: 9", BIT(SELECT) | BIT(SUMMARY)},
        {"devices: [RP2040]", BIT(SELECT)},
        {"devices: [RP2040]\nactive_device: RP2040", BIT(SELECT)},
        {"devices: [{name: RP2040, cycles_per_instruction: 2}]\nactive_device: RP2040\nmax_latency_ms: 2",
         BIT(SELECT)},
        {"devices: [{name: STM32L4R5, cycles_per_instruction: 2}]\nactive_device: STM32L4R5\nmax_energy_mj: "
         "2",
         BIT(SELECT)},
        {"cpu_frequency_scale: 0.9", BIT(SELECT) | BIT(SUMMARY)},
        {"pareto_use_ci: true", BIT(SELECT) | BIT(SUMMARY)},
        {"pareto_any_status: false", BIT(SELECT) | BIT(SUMMARY)},
        {"latency_statistic: mean", BIT(SELECT)},
        {"recommend: accuracy", BIT(SELECT) | BIT(SUMMARY)},
        {"memory_bandwidth_gbps: 9", BIT(HARDWARE)},
        {"peak_compute_gmacs: 9", BIT(HARDWARE)},
        {"threads: 9", 0},
        {"job_minutes: 9", 0},
        {"job_memory_mb: null", 0},
        {"job_threads: 9", 0},
        {"num_workers: 9", 0},
        {"output_dir: elsewhere", 0},
    };
    struct eo_config usual, changed;
    struct eo_err err;

    eo_config_init(&usual);
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (parse(&changed, cases[i].line, &err)) {
            check_input("reach", cases[i].line, "(accepted)", err.msg);
            continue;
        }
        for (int s = 0; s < EO_STAGE_COUNT; s++) {
            char before[EO_SHA256_TEXT], after[EO_SHA256_TEXT];
            int reaches;

            slice_sha256(&usual, (enum eo_config_stage)s, 0, before);
            slice_sha256(&changed, (enum eo_config_stage)s, 0, after);
            reaches = strcmp(before, after) != 0;
            check_input(cases[i].line, eo_config_stage_name((enum eo_config_stage)s),
                        cases[i].stages >> s & 1 ? "changed" : "unchanged",
                        reaches ? "changed" : "unchanged");
        }
    }
}

/* Tools stamp the hash of a slice; whether they were given the whole file or the slice may not matter. */
static void test_slice_of_slice(void)
{
    static const char *const files[] = {
        "epochs: 3",
        "seeds: [5, 9, 2]\nval_subset: 100\npeak_compute_gmacs: 3",
        "seeds: [5, 9]\ndataloader_seed: 4\nvalidation: test\nval_subset: 100",
        "class_names: [a, 'b c']\ninput_mean: [0, 0.5, 0.5]\ninput_std: 1",
        "dataset: idx\ndata_dir: some/where\ntrain_subset: 10\npareto_use_ci: true\nlearning_rate: 1e-7",
    };

    for (size_t i = 0; i < COUNT(files); i++) {
        struct eo_config cfg, again;
        struct eo_err err;
        int k;

        check("the experiment is read", parse(&cfg, files[i], &err) == 0);
        for (int s = 0; s < EO_STAGE_COUNT * cfg.seed_count; s++) {
            enum eo_config_stage stage = (enum eo_config_stage)(s % EO_STAGE_COUNT);
            struct eo_buf slice = {0}, second = {0};
            char whole[EO_SHA256_TEXT], part[EO_SHA256_TEXT];

            k = s / EO_STAGE_COUNT;
            eo_config_slice(&cfg, stage, k, &slice);
            check("the slice is read", parse(&again, slice.data, &err) == 0);
            eo_config_slice(&again, stage, 0, &second);
            check_input("slice of slice", files[i], slice.data, second.data);
            slice_sha256(&cfg, stage, k, whole);
            slice_sha256(&again, stage, 0, part);
            check_input("hash of slice", files[i], whole, part);
            check("the seeds are the same",
                  again.seeds[0] == cfg.seeds[k] || strncmp(slice.data, "seed:", 5) != 0);
            if (stage == EO_STAGE_TRAIN || stage == EO_STAGE_FINETUNE)
                check("the data loader's seed is the same",
                      eo_config_dataloader_seed(&again, 0) == eo_config_dataloader_seed(&cfg, k));
            eo_buf_release(&slice);
            eo_buf_release(&second);
        }
    }
}

/* A hash that must not change from version to version unless the slice does: it stands in model files. */
static void test_hash(void)
{
    static const char slice[] = "# edge-opt slice: data\ndataset: synthetic\n";
    char expected[EO_SHA256_TEXT], found[EO_SHA256_TEXT];
    struct eo_config cfg;

    eo_config_init(&cfg);
    eo_hash_sha256(slice, strlen(slice), expected);
    slice_sha256(&cfg, EO_STAGE_DATA, 0, found);
    check_input("hash", slice, expected, found);
}

/* ------------------------------------------------------------------------------------------------------------
 */

static void check_make(const char *text, const char *path, const char *expected)
{
    struct eo_buf out = {0};
    struct eo_config cfg;
    struct eo_err err;

    if (parse(&cfg, text, &err) || eo_config_make(&cfg, path, &out, &err)) {
        eo_buf_release(&out);
        eo_buf_puts(&out, err.msg);
    }
    check_input(path, text, expected, out.data);
    eo_buf_release(&out);
}

static void test_make(void)
{
    static const char bad_name[] =
        "expected a file name of at most 100 letters, digits and any of ._+-, beginning with "
        "neither '.' nor '-'; the artefacts' folder is named after it";
    static const char *const bad_paths[] = {"a b.yaml", "x/.yaml", "-x.yaml", "",         "x/",
                                            "a$b.yml",  "..yaml",  ".yml",    "a:b.yaml", "\xc3\xa9.yaml"};
    static const char *const outs[][3] = {
        {"epochs: 1", "some/where/default.yaml", "EO_OUT := out/default\n"},
        {"epochs: 1", "x.yml", "EO_OUT := out/x\n"},
        {"epochs: 1", "x.yaml.yml", "EO_OUT := out/x.yaml\n"},
        {"epochs: 1", "x", "EO_OUT := out/x\n"},
        {"output_dir: outputs", "x.yaml", "EO_OUT := out/outputs\n"},
        {"output_dir: out/a/b", "x.yaml", "EO_OUT := out/a/b\n"},
        {"output_dir: outer", "x.yaml", "EO_OUT := out/outer\n"},
        {"output_dir: /tmp/x", "x.yaml", "EO_OUT := /tmp/x\n"},
        {"output_dir: y", "bin.yaml", "EO_OUT := out/y\n"},
        {"output_dir: bin2", "x.yaml", "EO_OUT := out/bin2\n"},
        {"devices: [RP2040]\nactive_device: RP2040", "x.yaml", "EO_ACTIVE_DEVICE := RP2040\n"},
        {"job_minutes: 90\njob_threads: 4\nthreads: 2", "x.yaml",
         "EO_JOB_MINUTES := 90\nEO_JOB_MEMORY := 2048M\nEO_JOB_THREADS := 4\n"},
        {"job_threads: null", "x.yaml", "EO_JOB_THREADS := 1\n"},
    };
    struct eo_buf out = {0};
    struct eo_config cfg;
    struct eo_err err;

    check_make("val_subset: 3", "configs/default.yaml",
               "EO_NAME := default\nEO_OUT := out/default\nEO_DATASET := synthetic\nEO_DATA_SOURCE :=\n"
               "EO_THREADS := 0\nEO_JOB_MINUTES := 60\nEO_JOB_MEMORY := 2048M\nEO_JOB_THREADS := 1\n"
               "EO_SEEDS := 7\nEO_LEVELS := 0.00 0.25 0.50 0.70\nEO_CRITERIA := l1\n"
               "EO_PRECISIONS := fp32 fp16 int8\nEO_INTEGER := int8 int4 mixed\n"
               "EO_FINE_TUNE_EPOCHS := 0\nEO_FINE_TUNE_UNPRUNED := yes\nEO_PRUNE_STEPS := 1\nEO_TEACHER :=\n"
               "EO_SLICES := data train prune finetune quant eval bench select hardware summary sensitivity explore\n"
               "EO_ACTIVE_DEVICE :=\nEO_EXPLORE_FROM := slice\n");
    check_make(
        "seeds: [1, 18446744073709551615]\ndataset: idx\ndata_dir: ../d\nthreads: 3\nprecisions: [int8]\n"
        "pruning_levels: [0.125, 0, 0.000001, [0.25, 0.5]]\nfine_tune_epochs: 2\nfine_tune_unpruned: "
        "false\nprune_steps: 4\njob_minutes: null\njob_memory_mb: null\njob_threads: null\n"
        "pruning_criterion: [fpgm, l1]\noutput_dir: a+b/c",
        "x-1.yaml",
        "EO_NAME := x-1\nEO_OUT := out/a+b/c\nEO_DATASET := idx\nEO_DATA_SOURCE := ../d\n"
        "EO_THREADS := 3\nEO_JOB_MINUTES := auto\nEO_JOB_MEMORY := auto\nEO_JOB_THREADS := 3\n"
        "EO_SEEDS := 1 18446744073709551615\nEO_LEVELS := 0.125 0.00 0.000001 0.25x0.50\n"
        "EO_CRITERIA := fpgm l1\nEO_PRECISIONS := int8\nEO_INTEGER := int8 int4 mixed\nEO_FINE_TUNE_EPOCHS := 2\n"
        "EO_FINE_TUNE_UNPRUNED :=\nEO_PRUNE_STEPS := 4\nEO_TEACHER :=\n"
        "EO_SLICES := data train prune finetune quant eval bench select hardware summary sensitivity explore\n"
        "EO_ACTIVE_DEVICE :=\nEO_EXPLORE_FROM := slice\n");
    for (size_t i = 0; i < COUNT(outs); i++) {
        check("the experiment is read", parse(&cfg, outs[i][0], &err) == 0);
        check("the fragment is made", eo_config_make(&cfg, outs[i][1], &out, &err) == 0);
        check(outs[i][2], out.data && strstr(out.data, outs[i][2]) != NULL);
        eo_buf_release(&out);
    }
    for (size_t i = 0; i < COUNT(bad_paths); i++)
        check_make("epochs: 1", bad_paths[i], bad_name);
    check_make("dataset: idx", "x.yaml", "key 'dataset': expected 'data_dir' beside 'idx', found none");
    check_make("epochs: 1", "x/bin.yaml",
               "expected a folder of its own, found 'out/bin', which is reserved for programs and objects");
    check_make("epochs: 1", "out.yaml",
               "expected a folder of its own, found 'out', which is reserved for programs and objects");
}

static void test_stages(void)
{
    enum eo_config_stage stage;
    struct eo_err err = {""};

    for (int s = 0; s < EO_STAGE_COUNT; s++) {
        int rc = eo_config_stage_parse(eo_config_stage_name((enum eo_config_stage)s), &stage, &err);

        check("a stage's name is read", rc == 0 && (int)stage == s);
    }
    check("an unknown stage", eo_config_stage_parse("pruning", &stage, &err) == -1);
    check_input("an unknown stage", "pruning",
                "expected one of data, train, prune, finetune, quant, eval, bench, select, hardware, "
                "summary, sensitivity, explore, "
                "found 'pruning'",
                err.msg);
}

/* Every key of the table stands in help, Markdown and, with a value, in the canonical text. */
static void test_reference(void)
{
    struct eo_buf help = {0}, table = {0};
    const char *p, *end;
    int lines = 0;

    eo_config_help(&help);
    eo_config_markdown(&table);
    for (p = table.data; *p; p = end + 1) {
        char name[64], entry[80];

        end = strchr(p, '\n');
        if (lines++ < 2)
            continue;
        check("a row of the table", sscanf(p, "| `%63[a-z0-9_]` |", name) == 1);
        snprintf(entry, sizeof(entry), "\n  %s: ", name);
        check(entry, strstr(help.data, entry) != NULL);
    }
    check("keys in the table", lines == 2 + eo_key_count);
    check("help tells default, range and readers",
          strstr(help.data,
                 "\n  epochs: 2\n      Passes over the training images.\n      an integer in 1..10000; read "
                 "by train\n") != NULL);
    check("Markdown tells them too",
          strstr(table.data, "\n| `epochs` | 2 | an integer in 1..10000 | train | Passes over "
                             "the training images. |\n") != NULL);
    eo_buf_release(&help);
    eo_buf_release(&table);
}

static void test_files(void)
{
    static const char *const shipped[] = {"configs/default.yaml", "configs/mnist.yaml",
                                          "configs/fashion-mnist.yaml", "tests/golden/small.yaml"};
    struct eo_config first, full;
    struct eo_err err = {""};

    for (size_t i = 0; i < COUNT(shipped); i++) {
        if (eo_config_load(&first, shipped[i], &err))
            check_input("shipped", shipped[i], "(accepted)", err.msg);
        else
            check("budgets bind", first.active_memory_budget_mb < 0.078 || first.conv1_channels < 16);
    }
    check("the original's first form", eo_config_load(&first, "tests/golden/original-first.yaml", &err) == 0);
    check("the original's full form", eo_config_load(&full, "configs/original.yaml", &err) == 0);
    check("full form: values", full.seeds[0] == 7 && full.seed_count == 1 && full.dataloader_seed == 7 &&
                                   full.train_subset == 12000 && full.val_subset == 3000 &&
                                   full.epochs == 2 && full.pruning_level_count == 4 &&
                                   eo_level_compare(full.pruning_levels[3], eo_level_uniform(0.7)) == 0 &&
                                   full.precision_count == 3 && full.memory_budget_count == 3 &&
                                   full.memory_budgets_mb[2] == 4.0 && full.active_memory_budget_mb == 2.0 &&
                                   full.peak_compute_gmacs == 64.0 &&
                                   strcmp(full.output_dir, "outputs") == 0 &&
                                   strcmp(full.dataset, "fashion-mnist") == 0);
    check("a missing file", eo_config_load(&full, "tests/golden/no-such-file.yaml", &err) == -1);
    check_input("a missing file", "", "cannot open: No such file or directory", err.msg);
    /* The full form adds the defaults of the earlier one, a peak, and that the mean decides. */
    check("full form again", eo_config_load(&full, "configs/original.yaml", &err) == 0);
    first.dataloader_seed = 7;
    first.dataloader_seed_set = 1;
    first.peak_compute_gmacs = 64.0;
    first.latency_statistic = EO_LATENCY_MEAN;
    check("both forms agree", memcmp(&first, &full, sizeof(first)) == 0);
}

int main(void)
{
    test_defaults();
    test_values();
    test_refused();
    test_null();
    test_long_model();
    test_nul_and_size();
    test_slices();
    test_reach();
    test_slice_of_slice();
    test_hash();
    test_make();
    test_stages();
    test_reference();
    test_files();
    return check_report("test_config");
}
